import { type Command, EXIT_FINE, type Invocation, UsageError } from '../command.js';
import { printJson, table } from '../print.js';
import { type Api, openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

interface UpstreamItem {
  readonly name: string;
  readonly auth: string;
  readonly state: string;
  readonly because?: string;
  readonly consentedBy?: string;
  readonly renews?: boolean;
  readonly expiresAt?: string | null;
  /** Code of the last failure to authenticate there; null once it has gone well. */
  readonly problem: string | null;
}

interface Answer {
  readonly json: unknown;
  readonly text: string;
}

const ACTIONS: { readonly [action: string]: (api: Api, invocation: Invocation) => Promise<Answer> } = {
  list: async (api) => {
    const json = await api.get<{ readonly items: readonly UpstreamItem[] }>('/upstreams');
    return { json, text: upstreamsText(json.items) };
  },
  authorize: async (api, invocation) => {
    const path = `/upstreams/${nameOf(invocation)}/authorize`;
    const whom = invocation.values['gateway'] === true ? { for: 'gateway' } : {};
    const json = await api.post<{ readonly url: string; readonly expiresAt: string }>(path, whom);
    const text = [
      'Open this link in your own browser, once; do not pass it on:',
      `  ${json.url}`,
      `It ends at ${json.expiresAt}.`,
    ].join('\n');
    return { json, text };
  },
  disconnect: async (api, invocation) => {
    const name = nameOf(invocation);
    const whom = invocation.values['gateway'] === true ? '?for=gateway' : '';
    const json = await api.delete<object>(`/upstreams/${name}/authorization${whom}`);
    return { json, text: `${name} is disconnected; its tokens are removed` };
  },
};

export const upstreams: Command = {
  help: [
    'usage: countersign upstreams [list | authorize NAME | disconnect NAME] [--gateway] [--json] [--server URL]',
    '',
    'Shows and makes the consents by which the gateway acts at servers with auth.type authorization_code.',
    '  list             servers over HTTP, whether they are connected, and what is wrong (operators)',
    '  authorize NAME   a link for the browser: for all agents, or, with consent per_caller, for your own',
    '  disconnect NAME  ends the consent',
    '  --gateway        with per_caller: the consent for the gateway’s own requests (operators)',
    serverHelp('operator'),
  ].join('\n'),
  options: { ...SERVER_OPTIONS, gateway: { type: 'boolean' } },
  positionals_max: 2,
  run: async (invocation) => {
    const [word = 'list', surplus] = invocation.positionals;
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) throw new UsageError(`there is no "upstreams ${word}"`);
    if (word === 'list' && surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`);
    if (word !== 'list') nameOf(invocation);
    const { json, text } = await action(await openApi(invocation, 'operator'), invocation);
    if (invocation.values['json'] === true) printJson(json);
    else console.log(text);
    return EXIT_FINE;
  },
};

const nameOf = ({ positionals }: Invocation): string => {
  const name = positionals[1];
  if (name === undefined || name === '') throw new UsageError('NAME is missing');
  return encodeURIComponent(name);
};

export const upstreamsText = (items: readonly UpstreamItem[]): string => {
  if (items.length === 0) return 'no servers over HTTP';
  const rows = items.map(({ name, auth, state, because, consentedBy, renews, expiresAt, problem }) => [
    name,
    auth,
    because === undefined ? state : `${state} (${because})`,
    consentedBy ?? '',
    renews === true ? 'renews itself' : (expiresAt ?? ''),
    problem ?? '',
  ]);
  return table([['NAME', 'AUTH', 'STATE', 'CONSENTED BY', 'EXPIRES', 'PROBLEM'], ...rows]);
};
