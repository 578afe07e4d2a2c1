import { readFile } from 'node:fs/promises';
import { visibleJson } from '#core/catalog/definition-difference.js';
import { diffPolicies, type PolicyDiff } from '#core/policy/explain/diff-policies.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import {
  EXIT_FINDING,
  EXIT_FINE,
  InputError,
  type Invocation,
  requiredOption,
  textOption,
  UsageError,
} from '../command.js';
import { printJson } from '../print.js';
import { openApi, serverHelp } from '../server/api.js';
import { diffText } from './diff-text.js';
import { readPolicyFile } from './read-policy-file.js';

interface Item {
  readonly id: string;
  readonly status: string;
  readonly digest: string;
  readonly policyDigest: string;
  readonly name: string;
  readonly proposer: { readonly principal: string };
  readonly reason: string;
  readonly votes: readonly { readonly approver: string; readonly vote: string; readonly reason: string }[];
  readonly expiresAt: string;
  readonly active: boolean;
  readonly diff?: PolicyDiff;
}

interface ActiveAnswer {
  readonly digest: string;
  readonly name: string;
  readonly since: string;
  readonly by: string;
  readonly proposal: string | null;
  readonly file: string;
  readonly policy: PolicyBundle;
}

type Verb = (invocation: Invocation, word: string | undefined) => Promise<number>;

const OWNER = 'policy-owner-1';
/** The other pair of eyes. */
const APPROVER = 'policy-owner-2';
const PATH = '/policy/proposals';
const at = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export const PROPOSAL_HELP = {
  usage: [
    '       countersign policy diff FILE [OTHER_FILE] [--json]',
    '       countersign policy active|proposals [--json]',
    '       countersign policy propose FILE --reason TEXT',
    '       countersign policy show ID',
    '       countersign policy approve|deny ID --digest DIGEST [--reason TEXT]',
    '       countersign policy withdraw ID [--reason TEXT]',
  ],
  verbs: [
    '  diff       what OTHER_FILE changes, or without it what FILE would change of the active policy',
    '  active     the policy by which calls are decided now, and since when',
    '  propose    asks another owner of policies to approve it; it becomes active with that approval',
    '  proposals  those that wait, and those that are over',
    '  show       one of them, with what it would change',
    '  approve, deny, withdraw  votes of another owner; who proposed it can take it back',
  ],
  options: [
    '  --reason TEXT    why; propose and deny need it, and the others read it',
    '  --digest DIGEST  the one that "show" prints: it binds the vote to exactly this proposal',
    serverHelp(`${OWNER}, for approve and deny ${APPROVER}`),
  ],
};

const diff: Verb = async (invocation, file) => {
  if (file === undefined) throw new UsageError('FILE is missing');
  const [, , other] = invocation.positionals;
  const read = await bundleOf(file);
  const found =
    other === undefined
      ? diffPolicies((await activeOf(invocation)).policy, read)
      : diffPolicies(read, await bundleOf(other));
  print(invocation, found, diffText(found));
  return found.changes.length + found.access.length === 0 ? EXIT_FINE : EXIT_FINDING;
};

const active: Verb = async (invocation) => {
  const answer = await activeOf(invocation);
  const { digest, name, since, by, proposal, file } = answer;
  const lines = [
    `${name}  ${digest}`,
    `  since      ${since}, by ${by === 'proposal' ? `proposal ${proposal}` : 'the policy file'}`,
    ...(file === digest
      ? []
      : ['  the policy file is another one; propose it: countersign policy propose FILE']),
  ];
  print(invocation, answer, lines.join('\n'));
  return EXIT_FINE;
};

const propose: Verb = async (invocation, file) => {
  if (file === undefined) throw new UsageError('FILE is missing');
  const reason = requiredOption(
    invocation,
    'reason',
    'why the policy should change; the other owner reads it',
  );
  const policy = await textOf(file);
  const api = await openApi(invocation, OWNER);
  return printItem(invocation, await api.post<Item>(PATH, { policy, reason }));
};

const proposals: Verb = async (invocation) => {
  const api = await openApi(invocation, OWNER);
  const page = await api.get<{ readonly items: readonly Item[] }>(PATH);
  print(invocation, page, page.items.map(itemText).join('\n\n') || 'nobody has proposed another policy');
  return EXIT_FINE;
};

const show: Verb = async (invocation, id) => {
  const api = await openApi(invocation, OWNER);
  return printItem(invocation, await api.get<Item>(at(requireId(id))));
};

const vote =
  (verb: 'approve' | 'deny'): Verb =>
  async (invocation, id) => {
    const digest = requiredOption(invocation, 'digest', 'copy it from "countersign policy show"');
    const api = await openApi(invocation, APPROVER);
    const body = { digest, ...reasonOf(invocation) };
    return printItem(invocation, await api.post<Item>(`${at(requireId(id))}/${verb}`, body));
  };

const withdraw: Verb = async (invocation, id) => {
  const api = await openApi(invocation, OWNER);
  const body = reasonOf(invocation);
  return printItem(invocation, await api.post<Item>(`${at(requireId(id))}/withdraw`, body));
};

export const PROPOSAL_VERBS: { readonly [verb: string]: Verb } = {
  diff,
  active,
  propose,
  proposals,
  show,
  approve: vote('approve'),
  deny: vote('deny'),
  withdraw,
};

const activeOf = async (invocation: Invocation): Promise<ActiveAnswer> =>
  (await openApi(invocation, OWNER)).get<ActiveAnswer>('/policy/active');

/** @throws PolicyFileError, InputError */
const bundleOf = async (file: string): Promise<PolicyBundle> => {
  const read = await readPolicyFile(file);
  if (read.kind === 'refused') throw read.error;
  return read.policy.bundle;
};

/** @throws InputError */
const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new InputError(`${file} cannot be read. Give the path of a policy file.`);
  }
};

const requireId = (id: string | undefined): string => {
  if (id === undefined || id === '') throw new UsageError('ID is missing: "countersign policy proposals"');
  return id;
};

const reasonOf = (invocation: Invocation) => {
  const reason = textOption(invocation, 'reason');
  return reason === undefined ? {} : { reason };
};

const print = ({ values }: Invocation, json: object, text: string): void => {
  if (values['json'] === true) printJson(json);
  else console.log(text);
};

const printItem = (invocation: Invocation, item: Item): number => {
  print(invocation, item, itemText(item));
  return EXIT_FINE;
};

const itemText = (item: Item): string =>
  [
    `${item.id}  ${item.status}${item.active ? ', active' : ''}, expires ${item.expiresAt}`,
    `  policy     ${item.name}  ${item.policyDigest}`,
    `  proposed   by ${visibleJson(item.proposer.principal)}: ${visibleJson(item.reason)}`,
    `  digest     ${item.digest}`,
    ...item.votes.map(
      ({ approver, vote: cast, reason }) =>
        `  vote       ${visibleJson(approver)}: ${cast}${reason === '' ? '' : `, ${visibleJson(reason)}`}`,
    ),
    ...(item.diff === undefined ? [] : ['', diffText(item.diff)]),
  ].join('\n');
