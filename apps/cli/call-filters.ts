import { InputError, type Invocation, textOption, UsageError } from './command.js';

/** Options of the commands that choose calls, by the name of the filter that the server knows. */
const FILTERS = {
  principal: 'principal',
  client: 'client',
  agent: 'agent',
  session: 'session',
  upstream: 'server',
  method: 'method',
  tool: 'tool',
  effect: 'effect',
  rule: 'rule',
  decision: 'decision',
  policy: 'policyDigest',
  outcome: 'outcome',
  masked: 'masked',
  approval: 'approvalId',
  from: 'from',
  to: 'to',
} as const;

export const FILTER_OPTIONS = Object.fromEntries(
  [...Object.keys(FILTERS), 'value', 'field'].map((name) => [name, { type: 'string' as const }]),
);

export const FILTER_HELP = [
  '  --value V        a value of an argument or a result; "-" reads it from standard input, so that no shell keeps it',
  '  --field F        the value of this field only',
  '  --principal P, --client C, --agent A, --session ID   who called, through what',
  '  --upstream NAME, --method M, --tool T                what was called',
  '  --effect E       read or write, as the policy says',
  '  --decision D     allow, deny or approval; --rule ID, --policy DIGEST: by which rule, under which policy',
  '  --outcome O      completed, denied, held, failed, unknown, ...',
  '  --masked KIND    something of this kind was masked: US_SSN, PAN, EMAIL, ...',
  '  --approval ID    the call that waited for this approval',
  '  --from T, --to T ISO 8601; inclusive, exclusive',
].join('\n');

export interface CallChoice {
  readonly filters: { readonly [name: string]: string };
  readonly value?: string;
  readonly field?: string;
}

/** @throws UsageError, InputError */
export const callChoice = async (invocation: Invocation): Promise<CallChoice> => {
  const filters = Object.fromEntries(
    Object.entries(FILTERS).flatMap(([option, name]) => {
      const text = textOption(invocation, option);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  const given = textOption(invocation, 'value');
  const value = given === '-' ? await standardInput() : given;
  const field = textOption(invocation, 'field');
  if (field !== undefined && value === undefined) throw new UsageError('--field needs --value');
  return { filters, ...(value === undefined ? {} : { value }), ...(field === undefined ? {} : { field }) };
};

const standardInput = async (): Promise<string> => {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  if (text.trim() === '') throw new InputError('standard input holds no value');
  return text.trim();
};
