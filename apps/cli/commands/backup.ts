import { type Command, EXIT_FINE, requiredOption, textOption } from '../command.js';
import { printJson } from '../print.js';
import { progressLine } from '../progress.js';
import { DEFAULT_DATA } from './store.js';

export const backup: Command = {
  help: [
    'usage: countersign backup --to DIR [--data DIR] [--with-keys] [--json]',
    '',
    'Copies the embedded event store as it is at one moment, beside a running instance or without one, with a manifest.',
    'Keys are left out: without them nobody can read the payloads in the backup, and with them lost neither can you.',
    'Keep them in another place. A KurrentDB server has a backup of its own (docs/operations.md).',
    '  --to DIR       folder to make; empty or not there yet',
    `  --data DIR     data folder of the instance, default ${DEFAULT_DATA}`,
    '  --with-keys    also the keys, readable by the owner of the files only',
  ].join('\n'),
  options: {
    to: { type: 'string' },
    data: { type: 'string' },
    'with-keys': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  positionals_max: 0,
  run: async (invocation) => {
    const to = requiredOption(invocation, 'to', 'a folder for the backup');
    const withKeys = invocation.values['with-keys'] === true;
    const { backUp } = await import('../../ledger/storage/backup.js');
    const progress = progressLine();
    const manifest = await backUp({
      data: textOption(invocation, 'data') ?? DEFAULT_DATA,
      to,
      withKeys,
      onProgress: (share) => progress.show(`${Math.floor(share * 100)} % copied`),
    });
    progress.clear();
    if (invocation.values['json'] === true) printJson(manifest);
    else console.log(`${to}: ${manifest.events} events, the last at position ${manifest.lastPosition}`);
    console.error(withKeys ? WITH_KEYS : WITHOUT_KEYS);
    return EXIT_FINE;
  },
};

const WITH_KEYS =
  'The keys are in this backup: whoever has it can read every payload and sign as this ledger. Encrypt it.';
const WITHOUT_KEYS =
  'The keys are not in this backup: keep the keys folder of the data folder in another place. Payloads cannot be opened without it.';
