import { outputOf } from '../../e2e/support/system.js';
import { type Attack, type AttackClass, completed, denied, refused } from '../attack.js';
import { answersError } from '../recording-server.js';
import type { Scene } from '../scene.js';
import { bytes, call, envelope, legacy, modern, openSession, post } from '../wire.js';

/** Would begin a line of its own, in red, and clear the terminal. */
const FORGED = 'FORGED-LOG-LINE';
const INJECTED = `x\r\n{"level":30,"msg":"${FORGED}"}\n\u001b[31m\u001b[2J${FORGED}`;
const clean = (scene: Scene): void => {
  const output = outputOf(scene.system);
  const lines = output.split(/\r?\n/);
  if (lines.some((line) => line.startsWith(`{"level":30,"msg":"${FORGED}`) || line.includes('\u001b[')))
    throw new Error('the log has a line that the gateway did not write');
};
const inLog = (attack: Attack): Attack => ({ ...attack, also: clean });

export const logInjection: AttackClass = {
  number: 16,
  title: 'log injection',
  rule: 'a line of the log or an entry of the ledger is what the gateway wrote, whatever strangers call themselves',
  attacks: [
    {
      title: 'line breaks and escapes in the name of a tool',
      send: (scene: Scene) => call(scene, INJECTED),
      status: 200,
      code: 'tool_unknown',
      trace: denied('tool_unknown'),
      hidden: [FORGED.repeat(2)],
    },
    {
      title: 'line breaks in the name of a prompt',
      send: (scene: Scene) => legacy(scene, 'prompts/get', { name: INJECTED }),
      status: 200,
      code: 'tool_unknown',
      trace: denied('tool_unknown'),
    },
    {
      title: 'line breaks in a name at the united endpoint',
      send: (scene: Scene) => call(scene, INJECTED, {}, { endpoint: 'mcp' }),
      status: 200,
      code: 'tool_unknown',
      trace: refused('tool_unknown'),
      hidden: [FORGED],
    },
    {
      title: 'line breaks in a URI',
      send: (scene: Scene) => legacy(scene, 'resources/read', { uri: `bank://public/${INJECTED}` }),
      status: 400,
      code: 'params_invalid',
      trace: refused('params_invalid'),
      hidden: [FORGED],
    },
    {
      title: 'line breaks in a method',
      send: (scene: Scene) => legacy(scene, INJECTED, {}),
      status: 400,
      code: 'frame_invalid',
      trace: refused('frame_invalid'),
      hidden: [FORGED],
    },
    {
      title: 'line breaks in an id',
      send: (scene: Scene) => legacy(scene, 'no/such', {}, { id: INJECTED }),
      status: 200,
      code: 'method_unknown',
      trace: refused('method_unknown'),
    },
    {
      title: 'line breaks in the client\u2019s name, modern',
      send: (scene: Scene) =>
        modern(
          scene,
          'tools/call',
          { name: 'forbidden' },
          {
            meta: envelope(
              {},
              { 'io.modelcontextprotocol/clientInfo': { name: INJECTED, version: INJECTED } },
            ),
          },
        ),
      status: 200,
      code: 'call_denied',
      trace: denied('call_denied'),
      hidden: ['\\u001b'],
    },
    {
      title: 'line breaks in the client\u2019s name, legacy',
      send: async (scene: Scene) => {
        const id = await openSession(scene, {}, 'engineer', INJECTED);
        return call(scene, 'forbidden', {}, { headers: { 'mcp-session-id': id } });
      },
      status: 200,
      code: 'call_denied',
      trace: denied('call_denied'),
      hidden: ['\\u001b'],
    },
    {
      title: 'an unknown revision in the header',
      send: (scene: Scene) =>
        call(scene, 'read', {}, { headers: { 'mcp-protocol-version': `${FORGED}\u00e9\t` } }),
      status: 400,
      code: 'revision_unsupported',
      trace: refused('revision_unsupported'),
    },
    {
      title: 'line breaks in the name of a person',
      send: async (scene: Scene) =>
        call(
          scene,
          'forbidden',
          {},
          {
            headers: {
              authorization: `Bearer ${await scene.token('engineer', { preferred_username: INJECTED })}`,
            },
          },
        ),
      status: 401,
      code: 'token_invalid',
      trace: refused('token_invalid'),
      hidden: [FORGED],
    },
    {
      title: 'line breaks in the name of a group',
      send: async (scene: Scene) =>
        call(
          scene,
          'forbidden',
          {},
          {
            headers: {
              authorization: `Bearer ${await scene.token('engineer', { groups: ['BANK-DATA-ENG', INJECTED] })}`,
            },
          },
        ),
      status: 401,
      code: 'token_invalid',
      trace: refused('token_invalid'),
      hidden: [FORGED],
    },
    {
      title: 'escapes in the error of a server',
      before: ({ old }: Scene) => old.next(answersError({ code: -32000, message: INJECTED, data: INJECTED })),
      send: (scene: Scene) => call(scene, 'read'),
      status: 200,
      trace: completed,
      forwards: 1,
    },
    {
      title: 'a line of the log in a status',
      before: async (scene: Scene) => {
        await call(scene, 'read');
        scene.old.next((_request, response) => void response.writeHead(404, FORGED).end(INJECTED));
      },
      send: (scene: Scene) => call(scene, 'read'),
      status: 200,
      code: 'upstream_unavailable',
      trace: { type: 'CallFailed' },
      forwards: 1,
      hidden: [FORGED],
    },
    {
      title: 'escapes in the request line',
      send: (scene: Scene) =>
        bytes(scene, ['POST /mcp/\u001b[31mold HTTP/1.1', 'Host: {host}', 'Content-Length: 0']),
      status: 400,
      code: 'http_malformed',
      trace: refused('http_malformed'),
      hidden: [FORGED],
    },
    {
      title: 'line breaks, encoded, in the address',
      send: (scene: Scene) => post(scene, '{}', { endpoint: `nowhere%0d%0a${FORGED}` }),
      status: 404,
      code: 'not_found',
      trace: refused('not_found'),
      hidden: [FORGED],
    },
  ].map(inLog),
};
