import { codeOf, type RawAnswer, rawPost } from '../e2e/support/raw.js';
import type { Outcome } from './attack.js';
import { sendBytes } from './raw-socket.js';
import type { Members } from './recording-server.js';
import { CANARY, type Person, type Scene } from './scene.js';

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Sending {
  readonly as?: Person;
  /** Default: `mcp/old`. */
  readonly endpoint?: string;
  readonly headers?: Headers;
  readonly meta?: Members;
  readonly id?: string | number;
}

const codeIn = (answer: RawAnswer): string | undefined => {
  try {
    return codeOf(answer) ?? (JSON.parse(answer.text) as { code?: string }).code;
  } catch {
    return undefined;
  }
};
export const outcomeOf = (answer: RawAnswer): Outcome => ({
  status: answer.status,
  code: codeIn(answer),
  text: answer.text,
});

/** A POST of exactly this body with a good token. */
export const post = async (
  scene: Scene,
  body: string | Uint8Array,
  { as = 'engineer', endpoint = 'mcp/old', headers = {} }: Sending = {},
): Promise<Outcome> => {
  const authorization = `Bearer ${await scene.token(as)}`;
  return outcomeOf(
    await rawPost(`${scene.base}/${endpoint}`, body, {
      authorization,
      'x-canary': CANARY.header,
      ...headers,
    }),
  );
};

/** A request of the legacy era, without a session. */
export const legacy = (scene: Scene, method: string, params: Members, sending: Sending = {}) =>
  post(scene, JSON.stringify({ jsonrpc: '2.0', id: sending.id ?? 1, method, params }), sending);

const META = 'io.modelcontextprotocol';
export const MODERN = '2026-07-28';
export const envelope = (capabilities: Members = {}, more: Members = {}): Members => ({
  [`${META}/protocolVersion`]: MODERN,
  [`${META}/clientInfo`]: { name: 'attacker', version: '1' },
  [`${META}/clientCapabilities`]: capabilities,
  ...more,
});

export const TASKS = { extensions: { [`${META}/tasks`]: {} } };

/** A request of the modern era; headers and `_meta` as they should be, unless changed. */
export const modern = (
  scene: Scene,
  method: string,
  params: Members,
  { meta = envelope(), headers = {}, ...sending }: Sending = {},
): Promise<Outcome> => {
  const name = params['name'] ?? params['uri'] ?? params['taskId'];
  return post(
    scene,
    JSON.stringify({ jsonrpc: '2.0', id: sending.id ?? 1, method, params: { ...params, _meta: meta } }),
    {
      endpoint: 'mcp/new',
      ...sending,
      headers: {
        'mcp-protocol-version': MODERN,
        'mcp-method': method,
        ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
        ...headers,
      },
    },
  );
};

/** tools/call of the legacy era. */
export const call = (scene: Scene, name: string, args: Members = {}, sending: Sending = {}) =>
  legacy(scene, 'tools/call', { name, arguments: args }, sending);

/** A session of the legacy era: the text of its id. */
export const openSession = async (
  scene: Scene,
  capabilities: Members = {},
  as: Person = 'engineer',
  name = 'attacker',
) => {
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name, version: '1' } };
  const answer = await rawPost(
    `${scene.base}/mcp/old`,
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    { authorization: `Bearer ${await scene.token(as)}` },
  );
  return String(answer.headers['mcp-session-id']);
};

/** The head of an HTTP request, line by line as given, and a body. `{authorization}` and `{host}` are filled in. */
export const bytes = async (
  scene: Scene,
  lines: readonly string[],
  body: string | Uint8Array = '',
): Promise<Outcome & { readonly statuses: readonly number[] }> => {
  const { host } = new URL(scene.base);
  const head = lines
    .join('\r\n')
    .replaceAll('{host}', host)
    .replaceAll('{authorization}', `Bearer ${await scene.token('engineer')}`);
  const answer = await sendBytes(
    scene.base,
    Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body)]),
  );
  const [, first = ''] = answer.text.split('HTTP/1.1 ');
  const code = /"code":"([a-z_]+)"/.exec(first)?.[1];
  return { status: answer.statuses[0] ?? 0, statuses: answer.statuses, code, text: answer.text };
};
