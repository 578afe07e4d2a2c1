import { request } from 'node:http';
import { pause, waitUntil } from '../../e2e/support/wait-until.js';
import { type Attack, type AttackClass, completed, failed, type Trace, unknown } from '../attack.js';
import type { Play } from '../recording-server.js';
import type { Scene } from '../scene.js';
import { bytes, call, modern, openSession } from '../wire.js';

/** Whatever the server does with a call, it gets it once. */
const once = (title: string, play: Play, code: string, trace: Trace): Attack => ({
  title,
  before: async (scene) => {
    await call(scene, 'read');
    scene.old.next(play);
  },
  send: async (scene) => {
    const outcome = await call(scene, 'read');
    // A second attempt would have come by now.
    await pause(150);
    return outcome;
  },
  status: 200,
  code,
  trace,
  forwards: 1,
});
const times = (count: number, title: string, send: Attack['send']): Attack => ({
  title,
  send,
  status: 200,
  trace: completed,
  forwards: count,
  also: (_scene, _outcome, recorded) => {
    const requests = recorded.filter(({ type }) => type === 'CallRequested');
    const ids = new Set(requests.map(({ correlation }) => correlation));
    if (ids.size !== count) throw new Error(`${ids.size} calls on record`);
  },
});
const twice = async (send: () => ReturnType<Attack['send']>) => {
  await send();
  return send();
};
const body = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read","arguments":{}}}';
const lines = (connection: string): readonly string[] => [
  'POST /mcp/old HTTP/1.1',
  'Host: {host}',
  'Authorization: {authorization}',
  'Content-Type: application/json',
  `Content-Length: ${body.length}`,
  `Connection: ${connection}`,
];

/** Hangs up as soon as the upstream has the call. */
const hangUp = async (scene: Scene): Promise<void> => {
  const before = scene.forwarded();
  const { hostname, port } = new URL(scene.base);
  const sent = request({
    hostname,
    port,
    path: '/mcp/old',
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${await scene.token('engineer')}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
  });
  sent.on('error', () => undefined);
  sent.end(body);
  await waitUntil('the call at the upstream', () => scene.forwarded() > before);
  sent.destroy();
};

export const repeats: AttackClass = {
  number: 20,
  title: 'duplicate delivery',
  rule: 'each request is a call of its own on record, forwarded at most once; an outcome nobody knows is recorded as that',
  attacks: [
    times(2, 'the same id twice, one after the other', (scene) =>
      twice(() => call(scene, 'read', {}, { id: 7 })),
    ),
    times(2, 'the same id twice at once', async (scene) => {
      const [one] = await Promise.all([
        call(scene, 'read', {}, { id: 8 }),
        call(scene, 'read', {}, { id: 8 }),
      ]);
      return one;
    }),
    times(2, 'the same id twice in a session', async (scene) => {
      const headers = { 'mcp-session-id': await openSession(scene) };
      return twice(() => call(scene, 'read', {}, { id: 9, headers }));
    }),
    times(2, 'the same id twice in the modern era', (scene) =>
      twice(() => modern(scene, 'tools/call', { name: 'read', arguments: {} }, { id: 9 })),
    ),
    times(5, 'the identical POST five times at once', async (scene) => {
      const all = await Promise.all(Array.from({ length: 5 }, () => call(scene, 'read', { n: 5 })));
      return all[0] ?? { status: 0, code: 'none', text: '' };
    }),
    times(2, 'the identical bytes twice on one connection (pipelining)', async (scene) => {
      const { host } = new URL(scene.base);
      const head = lines('keep-alive')
        .join('\r\n')
        .replace('{host}', host)
        .replace('{authorization}', `Bearer ${await scene.token('engineer')}`);
      const outcome = await bytes(scene, lines('keep-alive'), `${body}${head}\r\n\r\n${body}`);
      if (outcome.statuses.length !== 2) throw new Error(`answers: ${outcome.statuses.join(' ')}`);
      return outcome;
    }),
    once(
      'the server hangs up after it has read the call',
      (_request, response) => void response.destroy(),
      'outcome_unknown',
      unknown('connection_lost'),
    ),
    once(
      'the server hangs up in its answer',
      (_request, response) => {
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
          .write('{"jsonrpc"');
        setTimeout(() => response.destroy(), 10);
      },
      'outcome_unknown',
      unknown('connection_lost'),
    ),
    once(
      'the server answers 503 and asks to try again',
      (_request, response) => void response.writeHead(503, { 'retry-after': '0' }).end(),
      'outcome_unknown',
      unknown('http_status'),
    ),
    once(
      'the server answers 429 and asks to try again',
      (_request, response) => void response.writeHead(429, { 'retry-after': '0' }).end(),
      'upstream_unavailable',
      failed('upstream_unavailable'),
    ),
    once(
      'the server answers 408',
      (_request, response) => void response.writeHead(408).end(),
      'outcome_unknown',
      unknown('http_status'),
    ),
    once(
      'the server answers 425 (too early)',
      (_request, response) => void response.writeHead(425).end(),
      'upstream_unavailable',
      failed('upstream_unavailable'),
    ),
    once(
      'the server answers 401',
      (_request, response) => void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end(),
      'upstream_unavailable',
      failed('upstream_unavailable'),
    ),
    once('the server does not answer in time', () => undefined, 'upstream_timeout', unknown('timeout')),
    once(
      'the server asks to be resumed and never answers',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end('id: 1\nretry: 10\ndata:\n\n');
      },
      'outcome_unknown',
      unknown('connection_lost'),
    ),
    {
      title: 'a client that hangs up and sends the call again',
      send: async (scene) => {
        scene.old.next((_request, response) => void setTimeout(() => response.destroy(), 200));
        await hangUp(scene);
        return call(scene, 'read');
      },
      status: 200,
      trace: completed,
      forwards: 2,
    },
  ],
};
