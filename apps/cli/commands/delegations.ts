import { visibleStrings } from '#core/visible-text.js';
import {
  type Command,
  EXIT_FINE,
  type Invocation,
  requiredOption,
  textOption,
  UsageError,
} from '../command.js';
import { printJson } from '../print.js';
import { type Api, openApi, query, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import type { Page } from './calls.js';

interface DelegationItem {
  readonly id: string;
  readonly status: string;
  readonly delegator: { readonly principal: string };
  readonly delegate: { readonly principal: string };
  readonly roles: readonly string[];
  readonly from: string;
  readonly until: string;
  readonly uses?: number;
  readonly used: number;
  readonly servers?: readonly string[];
  readonly tools?: readonly string[];
  readonly reason: string;
}

export const delegations: Command = {
  help: [
    'usage: countersign delegations [list] [--status open|all] [--limit N] [--cursor C] [--json] [--server URL]',
    '       countersign delegations give --to SUBJECT --issuer URL [--name NAME] --roles A,B --until T --reason TEXT',
    '                                    [--from T] [--uses N] [--servers A,B] [--tools SERVER/TOOL,...]',
    '       countersign delegations revoke ID [--reason TEXT]',
    '',
    'Lets another person vote with roles of yours for a time, as far as policy lets these roles be delegated. The delegate',
    'votes with "countersign approve ID --digest DIGEST --delegation ID".',
    '  --to SUBJECT, --issuer URL  the account of the delegate, as its tokens name it',
    '  --name NAME                 how the delegate is called in lists and reports; default: SUBJECT',
    '  --from T, --until T         instants with their offset, such as 2026-12-01T08:00:00+01:00; without --from from now on',
    '  --uses N                    approvals it may be used for; without it any number',
    '  --servers A,B, --tools ...  what it is limited to; without them all',
    serverHelp('manager-1'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    status: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
    to: { type: 'string' },
    issuer: { type: 'string' },
    name: { type: 'string' },
    roles: { type: 'string' },
    from: { type: 'string' },
    until: { type: 'string' },
    uses: { type: 'string' },
    servers: { type: 'string' },
    tools: { type: 'string' },
    reason: { type: 'string' },
  },
  positionals_max: 2,
  run: async (invocation) => {
    const [verb = 'list', id] = invocation.positionals;
    const act = Object.hasOwn(ACTS, verb) ? ACTS[verb] : undefined;
    if (act === undefined) throw new UsageError(`"${verb}": expected list, give or revoke`);
    const { json, text } = await act(invocation, id);
    if (invocation.values['json'] === true) printJson(json);
    else console.log(text);
    return EXIT_FINE;
  },
};

interface Answer {
  readonly json: unknown;
  readonly text: string;
}

const apiOf = (invocation: Invocation): Promise<Api> => openApi(invocation, 'manager-1');

const ACTS: { readonly [verb: string]: (invocation: Invocation, id?: string) => Promise<Answer> } = {
  list: async (invocation) => {
    const option = (name: string) => textOption(invocation, name);
    const path = `/delegations${query({ status: option('status'), limit: option('limit'), cursor: option('cursor') })}`;
    const json = await (await apiOf(invocation)).get<Page<DelegationItem>>(path);
    const more = json.next === null ? [] : [`more: --cursor ${json.next}`];
    return { json, text: [...json.items.map(itemText), ...more].join('\n\n') || 'no delegations' };
  },
  give: async (invocation) => {
    const body = termsOf(invocation);
    const json = await (await apiOf(invocation)).post<DelegationItem>('/delegations', body);
    return { json, text: itemText(json) };
  },
  revoke: async (invocation, id) => {
    if (id === undefined || id === '')
      throw new UsageError('"delegations revoke" needs the id of a delegation');
    const reason = textOption(invocation, 'reason');
    const path = `/delegations/${encodeURIComponent(id)}/revoke`;
    const body = reason === undefined ? {} : { reason };
    const json = await (await apiOf(invocation)).post<DelegationItem>(path, body);
    return { json, text: itemText(json) };
  },
};

const termsOf = (invocation: Invocation): object => {
  const subject = requiredOption(invocation, 'to', 'the subject of the delegate’s tokens');
  const list = (name: string) => textOption(invocation, name)?.split(',');
  const [from, uses] = [textOption(invocation, 'from'), textOption(invocation, 'uses')];
  const [servers, tools] = [list('servers'), list('tools')];
  return {
    to: {
      subject,
      issuer: requiredOption(invocation, 'issuer', 'the issuer of the delegate’s tokens'),
      principal: textOption(invocation, 'name') ?? subject,
    },
    roles: requiredOption(invocation, 'roles', 'roles of yours, with commas between them').split(','),
    until: requiredOption(invocation, 'until', 'when it ends, for example 2026-12-01T08:00:00Z'),
    reason: requiredOption(invocation, 'reason', 'why you delegate'),
    ...(from !== undefined && { from }),
    ...(uses !== undefined && { uses: Number(uses) }),
    ...(servers !== undefined && { servers }),
    ...(tools !== undefined && { tools }),
  };
};

const itemText = (received: DelegationItem): string => {
  const item = visibleStrings(received);
  return [
    `${item.id}  ${item.status}`,
    `  from       ${item.delegator.principal} to ${item.delegate.principal}: ${item.reason}`,
    `  roles      ${item.roles.join(', ')}`,
    `  time       ${item.from} until ${item.until}`,
    `  used       ${item.used}${item.uses === undefined ? '' : ` of ${item.uses}`} times`,
    ...(item.servers === undefined ? [] : [`  servers    ${item.servers.join(', ')}`]),
    ...(item.tools === undefined ? [] : [`  tools      ${item.tools.join(', ')}`]),
  ].join('\n');
};
