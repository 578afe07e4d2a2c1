import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolicyFileError, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import type { ReplayFailure } from '../../ledger/replay/replay-stream.js';
import type { ReplayLine, ReplaySummary } from '../../ledger/replay/report.js';
import {
  type Command,
  EXIT_FINDING,
  EXIT_FINE,
  EXIT_WRONG_INPUT,
  InputError,
  type Invocation,
  textOption,
  UsageError,
} from '../command.js';
import { printJson } from '../print.js';
import { replayProgress } from '../replay-progress.js';
import { replayText } from '../replay-text.js';
import { openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

export const replay: Command = {
  help: [
    'usage: countersign replay [--call ID] [--from T] [--to T] [--with POLICY.yaml] [--resume CURSOR] [--json]',
    '                          [--server URL | --data DIR]',
    '',
    'Runs recorded decisions and maskings again from their recorded inputs and compares byte by byte. Nothing upstream',
    'is touched. Exit code 0 when all of it is identical; 1 when something differs, was made by an engine that this',
    'version does not have, or can be opened no more; 2 when the run could not go on.',
    '  --call ID        one call only',
    '  --from T         ISO 8601, inclusive',
    '  --to T           ISO 8601, exclusive',
    '  --with FILE      decide with this policy instead: lists what would change, by rule',
    '  --resume CURSOR  go on where an earlier run of the same range ended',
    '  --data DIR       read the data folder of a stopped instance with the embedded store, without a server',
    '  --keys DIR       with --data: where its sealing key is; default: keys in the data folder',
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    call: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    with: { type: 'string' },
    resume: { type: 'string' },
    data: { type: 'string' },
    keys: { type: 'string' },
  },
  positionals_max: 0,
  run: async (invocation) => {
    const file = textOption(invocation, 'with');
    const range = await readRange(invocation, file);
    const data = textOption(invocation, 'data');
    const lines =
      data === undefined
        ? (await openApi(invocation, 'examiner')).lines<Line>('/ledger/replay', range)
        : replayData(data, textOption(invocation, 'keys') ?? join(data, 'keys'), range);
    const summary = await follow(lines);
    if (invocation.values['json'] === true) printJson(summary);
    else console.log(replayText(summary, file));
    if (summary.next === null) return summary.identical === summary.checked ? EXIT_FINE : EXIT_FINDING;
    console.error(`The run ended early. Go on with --resume ${summary.next}`);
    return EXIT_WRONG_INPUT;
  },
};

type Line = ReplayLine | ReplayFailure;

interface Range {
  readonly call?: string;
  readonly from?: string;
  readonly to?: string;
  readonly after?: string;
  /** Text of a policy file. */
  readonly with?: string;
}

const readRange = async (invocation: Invocation, file: string | undefined): Promise<Range> => {
  const option = (name: string, member = name) => {
    const value = textOption(invocation, name);
    return value === undefined ? {} : { [member]: value };
  };
  const after = option('resume', 'after');
  if (!/^\d{0,20}$/.test(after['after'] ?? ''))
    throw new UsageError('--resume: expected the number that the earlier run has printed');
  for (const name of ['from', 'to']) {
    if (Number.isNaN(Date.parse(option(name)[name] ?? '2000-01-01')))
      throw new UsageError(`--${name}: expected a time such as 2026-11-22T12:00:00Z`);
  }
  const policy = file === undefined ? {} : { with: await readText(file) };
  return { ...option('call'), ...option('from'), ...option('to'), ...after, ...policy };
};

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new InputError(`${file}: cannot be read. Give the path of a policy file with --with.`);
  }
};

/** Progress goes to stderr, so that stdout holds the result and nothing else. */
const follow = async (lines: AsyncIterable<Line>): Promise<ReplaySummary> => {
  const progress = replayProgress(process.stderr);
  let position: string | null = null;
  const goOn = () => (position === null ? '' : ` Go on with --resume ${position}`);
  try {
    for await (const line of lines) {
      if ('summary' in line) return line.summary;
      if ('error' in line) {
        position = line.error.next ?? position;
        throw new InputError(`${line.error.title} [${line.error.code}]`);
      }
      if ('progress' in line) {
        position = line.progress.position;
        progress.show(line.progress);
      }
    }
    throw new InputError('the server ended the run without a summary.');
  } catch (error) {
    throw error instanceof InputError ? new InputError(error.message + goOn()) : error;
  } finally {
    progress.end();
  }
};

/** The same run in this process, on the files of an instance that does not run. */
async function* replayData(
  folder: string,
  keys: string,
  { with: text, after, ...range }: Range,
): AsyncGenerator<ReplayLine> {
  // Loaded only here: a run that asks a server needs none of it.
  const [{ openStoppedStore }, { openLocalMasking }, { Replay }] = await Promise.all([
    import('../../ledger/open-stopped-store.js'),
    import('../../masking/local-masking.js'),
    import('../../ledger/replay/replay.js'),
  ]);
  const store = await openStoppedStore(folder).catch((error: Error) => {
    throw new InputError(
      `${folder}: ${error.message}. Give the data folder of a stopped instance, or ask the running one with --server.`,
    );
  });
  try {
    yield* new Replay(store, await openLocalMasking(keys)).lines({
      ...range,
      ...(after === undefined ? {} : { after: BigInt(after) }),
      ...(text === undefined ? {} : { with: bundleOf(text) }),
    });
  } finally {
    await store.close();
  }
}

const bundleOf = (text: string) => {
  try {
    return parsePolicyFile(text, 'with').bundle;
  } catch (error) {
    if (error instanceof PolicyFileError) throw new InputError(error.message);
    throw error;
  }
};
