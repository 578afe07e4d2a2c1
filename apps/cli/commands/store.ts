import {
  type Command,
  EXIT_FINDING,
  EXIT_FINE,
  type Invocation,
  textOption,
  UsageError,
} from '../command.js';
import { printJson } from '../print.js';
import { progressLine } from '../progress.js';

export const DEFAULT_DATA = './data';

export const store: Command = {
  help: [
    'usage: countersign store check [--data DIR] [--json]',
    '',
    'Reads every event of the embedded event store and stops at the first that is not as the ledger left it: the file,',
    'its tables and triggers, gaps, order, entries, and the bytes they commit to. Beside a running instance, or without.',
    'Exit code 1 when something is found. Events cut off at the end are found by a checkpoint, not by this.',
    `  --data DIR     default ${DEFAULT_DATA}`,
  ].join('\n'),
  options: { data: { type: 'string' }, json: { type: 'boolean' } },
  positionals_max: 1,
  run: async (invocation) => {
    const [verb] = invocation.positionals;
    if (verb === 'check') return check(invocation);
    throw new UsageError('expected check');
  },
};

const check = async (invocation: Invocation): Promise<number> => {
  const { checkStore } = await import('../../ledger/storage/check-store.js');
  const progress = progressLine();
  const found = checkStore(textOption(invocation, 'data') ?? DEFAULT_DATA, ({ events, total }) =>
    progress.show(`${events} of ${total} events checked`),
  );
  progress.clear();
  const { problem, events, lastPosition } = found;
  if (invocation.values['json'] === true) printJson({ ok: problem === undefined, ...found });
  else if (problem === undefined)
    console.log(`${events} events, the last at position ${lastPosition}: nothing found`);
  else
    console.log(
      `${placeOf(problem.position)}: ${problem.detail}\n${events} events before it are as they should be.`,
    );
  return problem === undefined ? EXIT_FINE : EXIT_FINDING;
};

const placeOf = (position: number | undefined): string =>
  position === undefined ? 'the store' : `position ${position}`;
