import { type Attack, type AttackClass, refused } from '../attack.js';
import { CANARY } from '../scene.js';
import { envelope, MODERN, post } from '../wire.js';

const request = (name: string, id = 1): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: { a: CANARY.argument } },
  });
const batch = (title: string, body: string, more: Partial<Attack> = {}): Attack => ({
  title,
  send: (scene) => post(scene, body),
  status: 400,
  code: 'frame_invalid',
  trace: refused('frame_invalid'),
  ...more,
});
const modernRequest = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'read', _meta: envelope() },
});

export const batches: AttackClass = {
  number: 2,
  title: 'batches',
  rule: 'a request that hides among others is refused with them',
  attacks: [
    batch('of two allowed calls', `[${request('read')},${request('read', 2)}]`),
    batch('of an allowed and a forbidden call', `[${request('read')},${request('forbidden', 2)}]`),
    batch('of one call', `[${request('read')}]`),
    batch('of none', '[]'),
    batch('of batches', `[[${request('read')}]]`),
    batch(
      'of a notification and a call',
      `[{"jsonrpc":"2.0","method":"notifications/x"},${request('read')}]`,
    ),
    batch('with white space in front', ` \n\t[${request('read')}]`),
    batch(
      'of 1,000 pings',
      `[${Array.from({ length: 1_000 }, () => '{"jsonrpc":"2.0","id":1,"method":"ping"}').join(',')}]`,
    ),
    batch(
      'of two initializes',
      `[${['1', '2'].map((id) => `{"jsonrpc":"2.0","id":${id},"method":"initialize"}`).join(',')}]`,
    ),
    batch('at the united endpoint', `[${request('old__read')}]`, {
      send: (scene) => post(scene, `[${request('old__read')}]`, { endpoint: 'mcp' }),
    }),
    batch('of the revision 2025-03-26, which had batches', `[${request('read')}]`, {
      send: (scene) =>
        post(scene, `[${request('read')}]`, { headers: { 'mcp-protocol-version': '2025-03-26' } }),
    }),
    batch('of the modern era', `[${modernRequest}]`, {
      send: (scene) =>
        post(scene, `[${modernRequest}]`, {
          endpoint: 'mcp/new',
          headers: { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'read' },
        }),
    }),
  ],
};
