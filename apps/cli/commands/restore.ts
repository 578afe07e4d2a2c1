import { type Command, EXIT_FINDING, EXIT_FINE, requiredWord, textOption } from '../command.js';
import { printJson } from '../print.js';
import { progressLine } from '../progress.js';
import { DEFAULT_DATA } from './store.js';

export const restore: Command = {
  help: [
    'usage: countersign restore BACKUP [--data DIR] [--json]',
    '',
    'Puts a backup into a data folder that has no events. Compares every file with the manifest and checks the whole',
    'store before an instance can start on it; writes over nothing. Exit code 1 when a checkpoint in the data folder',
    'covers events which the backup does not have.',
    `  --data DIR     default ${DEFAULT_DATA}`,
  ].join('\n'),
  options: { data: { type: 'string' }, json: { type: 'boolean' } },
  positionals_max: 1,
  run: async (invocation) => {
    const from = requiredWord(invocation, 'BACKUP');
    const data = textOption(invocation, 'data') ?? DEFAULT_DATA;
    const { restore: putBack } = await import('../../ledger/storage/restore.js');
    const progress = progressLine();
    const { manifest, hasKeys, missing } = await putBack({
      from,
      data,
      onProgress: ({ events, total }) => progress.show(`${events} of ${total} events checked`),
    });
    progress.clear();
    const { made, events, lastPosition } = manifest;
    if (invocation.values['json'] === true) printJson({ made, events, lastPosition, hasKeys, missing });
    else console.log(`${data}: ${events} events of ${made}, the last at position ${lastPosition}`);
    if (!hasKeys)
      console.error(
        `There are no keys in ${data}. Put the keys folder back before you start, or payloads stay sealed.`,
      );
    if (missing === 0) return EXIT_FINE;
    console.error(
      `The checkpoint in ${data}/log covers ${missing} events more than this backup: they are lost, and every ` +
        'examiner with that checkpoint can see it. Look for a later backup first.',
    );
    return EXIT_FINDING;
  },
};
