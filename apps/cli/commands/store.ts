import type { StoreCheck } from '../../ledger/storage/check-store.js';
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
import { SET_UP_OPTIONS, setUp } from '../store/set-up.js';

export const DEFAULT_DATA = './data';

export const store: Command = {
  help: [
    'usage: countersign store check [--data DIR] [--json]',
    '       countersign store setup --url URL --admin-password REF --password REF [--check] [--json]',
    '',
    'check reads every event of the embedded event store and stops at the first that is not as the ledger left it: the',
    'file, its tables and triggers, gaps, order, entries, and the bytes they commit to. Beside a running instance, or',
    'without. Events cut off at the end are found by a checkpoint, not by this.',
    `  --data DIR     default ${DEFAULT_DATA}`,
    '',
    'setup makes a KurrentDB or EventStoreDB server fit for a ledger: a user that may append and read and nothing else;',
    'deleting events and writing metadata for administrators only. Writes only what differs.',
    '  --url URL             kurrentdb://HOST:PORT?tlsCaFile=..., without credentials',
    '  --admin NAME          default admin',
    '  --admin-password REF  env:NAME or file:PATH',
    '  --user NAME           whom the ledger logs in as (event_store.user), default countersign',
    '  --password REF        env:NAME or file:PATH (event_store.password)',
    '  --check               write nothing',
    '',
    'Exit code 1 when something is found or differs.',
  ].join('\n'),
  options: { ...SET_UP_OPTIONS, data: { type: 'string' }, json: { type: 'boolean' } },
  positionals_max: 1,
  run: async (invocation) => {
    const [verb] = invocation.positionals;
    if (verb === 'check') return check(invocation);
    if (verb === 'setup') return setUp(invocation);
    throw new UsageError('expected check or setup');
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
  else console.log(problemText(problem, events));
  return problem === undefined ? EXIT_FINE : EXIT_FINDING;
};

const problemText = ({ position, detail }: NonNullable<StoreCheck['problem']>, before: number): string =>
  position === undefined
    ? `the store: ${detail}`
    : `position ${position}: ${detail}\n${before} events before it are as they should be.`;
