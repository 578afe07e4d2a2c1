import { visibleStrings } from '#core/visible-text.js';
import { type Command, EXIT_FINE, type Invocation, requiredOption, UsageError } from '../command.js';
import { printJson } from '../print.js';
import { type Api, openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

interface DisclosureItem {
  readonly id: string;
  readonly status: string;
  readonly digest: string;
  readonly callId: string;
  readonly requester: { readonly principal: string };
  readonly reason: string;
  readonly votes: readonly { readonly approver: string; readonly vote: string; readonly reason: string }[];
  readonly opened: number;
  readonly expiresAt: string;
  readonly until?: string;
}

interface Answer {
  readonly json: unknown;
  readonly text: string;
}

type Action = (api: Api, word: string, invocation: Invocation) => Promise<Answer>;

const PATH = '/ledger/disclosures';
const at = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

const vote =
  (verb: 'approve' | 'deny'): Action =>
  async (api, id, invocation) => {
    const digest = requiredOption(invocation, 'digest', 'copy it from "countersign disclosures"');
    const reason = invocation.values['reason'];
    const body = { digest, ...(typeof reason === 'string' ? { reason } : {}) };
    return itemAnswer(await api.post<DisclosureItem>(`${at(id)}/${verb}`, body));
  };

const ACTIONS: { readonly [action: string]: Action } = {
  request: async (api, call, invocation) => {
    const reason = requiredOption(
      invocation,
      'reason',
      'why the original is needed; the second person reads it',
    );
    return itemAnswer(await api.post<DisclosureItem>(PATH, { call, reason }));
  },
  approve: vote('approve'),
  deny: vote('deny'),
  open: async (api, id) => {
    const json = await api.post<{ readonly text: string }>(`${at(id)}/open`, {});
    return { json, text: json.text };
  },
};

export const disclosures: Command = {
  help: [
    'usage: countersign disclosures [list]',
    '       countersign disclosures request CALL_ID --reason TEXT',
    '       countersign disclosures approve|deny ID --digest DIGEST [--reason TEXT]',
    '       countersign disclosures open ID',
    '',
    'Opens a sealed original: what an upstream answered before it was masked. An examiner asks and says why, another',
    'person approves, the examiner opens it until the time box ends. Every step is recorded.',
    '  --digest DIGEST  the one that the list shows: it binds the vote to exactly this request',
    serverHelp('examiner'),
  ].join('\n'),
  options: { ...SERVER_OPTIONS, reason: { type: 'string' }, digest: { type: 'string' } },
  positionals_max: 2,
  run: async (invocation) => {
    const [word = 'list', subject] = invocation.positionals;
    const api = await openApi(invocation, 'examiner');
    const { json, text } = word === 'list' ? await list(api) : await act(api, word, subject, invocation);
    if (invocation.values['json'] === true) printJson(json);
    else console.log(text);
    return EXIT_FINE;
  },
};

const list = async (api: Api): Promise<Answer> => {
  const json = await api.get<{ readonly items: readonly DisclosureItem[] }>(PATH);
  return { json, text: json.items.map(itemText).join('\n\n') || 'nobody has asked for a sealed original' };
};

const act = (
  api: Api,
  word: string,
  subject: string | undefined,
  invocation: Invocation,
): Promise<Answer> => {
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
  if (action === undefined) throw new UsageError(`there is no "disclosures ${word}"`);
  if (subject === undefined || subject === '') throw new UsageError(`"disclosures ${word}" needs an id`);
  return action(api, subject, invocation);
};

const itemAnswer = (json: DisclosureItem): Answer => ({ json, text: itemText(json) });

const itemText = (received: DisclosureItem): string => {
  const item = visibleStrings(received);
  return [
    `${item.id}  ${item.status}${item.until === undefined ? '' : `, may be opened until ${item.until}`}`,
    `  call       ${item.callId}`,
    `  asked by   ${item.requester.principal}: ${item.reason}`,
    `  digest     ${item.digest}`,
    ...item.votes.map(
      ({ approver, vote: cast, reason }) => `  vote       ${approver}: ${cast}${reason && `, ${reason}`}`,
    ),
    `  opened     ${item.opened} times`,
    ...(item.status === 'pending' ? [`  ends       ${item.expiresAt} without a vote`] : []),
  ].join('\n');
};
