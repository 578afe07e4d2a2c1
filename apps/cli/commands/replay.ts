import { readFile } from 'node:fs/promises';
import { type Command, EXIT_FINDING, EXIT_FINE, InputError, textOption } from '../command.js';
import { printJson } from '../print.js';
import { openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

interface Difference {
  readonly callId: string;
  readonly eventId: string;
  readonly what: 'decision' | 'masking';
  readonly recorded: unknown;
  readonly replayed: unknown;
}

export interface ReplayAnswer {
  readonly checked: number;
  readonly identical: number;
  readonly different: readonly Difference[];
}

export const replay: Command = {
  help: [
    'usage: countersign replay [--call ID] [--from T] [--to T] [--with POLICY.yaml] [--json] [--server URL]',
    '',
    'Runs recorded decisions and maskings again from their recorded inputs and compares byte by byte. Nothing upstream',
    'is touched. Exit code 1 when something differs.',
    '  --call ID      one call only',
    '  --from T       ISO 8601, inclusive',
    '  --to T         ISO 8601, exclusive',
    '  --with FILE    decide with this policy instead: shows every decision that would change',
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    call: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    with: { type: 'string' },
  },
  positionals_max: 0,
  run: async (invocation) => {
    const range = Object.fromEntries(
      ['call', 'from', 'to'].flatMap((name) => {
        const value = textOption(invocation, name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const file = textOption(invocation, 'with');
    const policy = file === undefined ? {} : { with: await readText(file) };
    const api = await openApi(invocation, 'examiner');
    const answer = await api.post<ReplayAnswer>('/ledger/replay', { ...range, ...policy });
    if (invocation.values['json'] === true) printJson(answer);
    else console.log(replayText(answer, file));
    return answer.different.length === 0 ? EXIT_FINE : EXIT_FINDING;
  },
};

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new InputError(`${file}: cannot be read. Give the path of a policy file with --with.`);
  }
};

/** What a person reads: the counts, then one line for each difference. */
export const replayText = ({ checked, identical, different }: ReplayAnswer, policyFile?: string): string => {
  const subject = policyFile === undefined ? 'replayed' : `decided again with ${policyFile}`;
  const counts = `${checked} ${subject}: ${identical} identical, ${different.length} different`;
  return [counts, ...different.map(differenceLine)].join('\n');
};

const differenceLine = ({ callId, what, recorded, replayed }: Difference): string =>
  what === 'decision'
    ? `  call ${callId}: ${decisionText(recorded)} -> ${decisionText(replayed)}`
    : `  call ${callId}: masking: ${String(replayed)}`;

const decisionText = (decided: unknown): string => {
  const { effect, rules } = (decided as { decision: { effect?: string; rules?: readonly string[] } })
    .decision;
  return `${effect ?? '?'} (${rules?.join(', ') || 'no rule'})`;
};
