import { type Attack, type AttackClass, refused } from '../attack.js';
import { CANARY } from '../scene.js';
import { bytes, type Headers, post } from '../wire.js';

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'read', arguments: { a: CANARY.argument } },
});
const from = (title: string, headers: Headers): Attack => ({
  title,
  send: (scene) => post(scene, body, { headers }),
  status: 403,
  code: 'origin_refused',
  trace: refused('origin_refused'),
});
const raw = (title: string, lines: readonly string[], status: number, code: string): Attack => ({
  title,
  send: async (scene) => {
    const outcome = await bytes(
      scene,
      [
        ...lines,
        'Authorization: {authorization}',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
      ],
      body,
    );
    if (/^access-control-/im.test(outcome.text)) throw new Error('the answer is open to browsers');
    return outcome;
  },
  status,
  code,
  trace: refused(code),
});
const asked = (
  title: string,
  method: string,
  more: readonly string[],
  status: number,
  code: string,
): Attack => ({
  title,
  send: async (scene) => {
    const outcome = await bytes(scene, [
      `${method} /mcp/old HTTP/1.1`,
      'Host: {host}',
      ...more,
      'Connection: close',
    ]);
    if (/^access-control-|^upgrade:/im.test(outcome.text)) throw new Error('the answer is open to browsers');
    return outcome;
  },
  status,
  code,
  trace: refused(code),
});
const upgrade = [
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Connection: Upgrade',
];

export const browsers: AttackClass = {
  number: 14,
  title: 'browsers: Host, Origin, preflight, WebSocket',
  rule: 'a page of somebody else cannot use the reader\u2019s browser against the gateway',
  attacks: [
    from('a foreign Origin', { origin: 'https://evil.example' }),
    from('the Origin "null"', { origin: 'null' }),
    from('an Origin that begins like ours', { origin: 'http://127.0.0.1.evil.example' }),
    from('our Origin with another scheme', { origin: 'https://127.0.0.1' }),
    from('the Origin of a file', { origin: 'file://' }),
    from('the Origin of an extension', { origin: 'chrome-extension://abc' }),
    from('our Origin with another port', { origin: 'http://127.0.0.1:1' }),
    from('two Origins in one header', { origin: 'http://127.0.0.1, https://evil.example' }),
    from('a foreign Host (DNS rebinding)', { host: 'evil.example' }),
    from('a Host that begins like ours', { host: '127.0.0.1.evil.example' }),
    from('a Host with a user', { host: 'evil.example@127.0.0.1' }),
    from('a Host with a dot at its end', { host: 'localhost.' }),
    from('a Host as one number', { host: '2130706433' }),
    from('a Host in hexadecimal', { host: '0x7f.1' }),
    from('a foreign Host beside X-Forwarded-Host', { host: 'evil.example', 'x-forwarded-host': '127.0.0.1' }),
    raw('two Hosts', ['POST /mcp/old HTTP/1.1', 'Host: {host}', 'Host: evil.example'], 403, 'origin_refused'),
    raw(
      'two Origins',
      ['POST /mcp/old HTTP/1.1', 'Host: {host}', 'Origin: https://a.example', 'Origin: https://b.example'],
      403,
      'origin_refused',
    ),
    raw('no Host in HTTP/1.0', ['POST /mcp/old HTTP/1.0'], 403, 'origin_refused'),
    asked(
      'a preflight',
      'OPTIONS',
      [
        'Origin: https://evil.example',
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: authorization',
      ],
      404,
      'not_found',
    ),
    asked(
      'a preflight for the private network',
      'OPTIONS',
      ['Origin: https://evil.example', 'Access-Control-Request-Private-Network: true'],
      404,
      'not_found',
    ),
    asked('TRACE', 'TRACE', [], 404, 'not_found'),
    asked('PUT', 'PUT', ['Content-Length: 0'], 404, 'not_found'),
    asked('PATCH', 'PATCH', ['Content-Length: 0'], 404, 'not_found'),
    asked('a WebSocket without a token', 'GET', [...upgrade, 'Upgrade: websocket'], 400, 'upgrade_refused'),
    asked(
      'a WebSocket of a foreign page',
      'GET',
      [...upgrade, 'Upgrade: websocket', 'Origin: https://evil.example'],
      403,
      'origin_refused',
    ),
    asked('a WebSocket in capitals', 'GET', [...upgrade, 'Upgrade: WebSocket'], 400, 'upgrade_refused'),
    asked(
      'a WebSocket by POST',
      'POST',
      [...upgrade, 'Upgrade: websocket', 'Content-Length: 0'],
      400,
      'upgrade_refused',
    ),
  ],
};
