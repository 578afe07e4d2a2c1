import { type Attack, type AttackClass, refused, type Trace } from '../attack.js';
import { CANARY, type Person } from '../scene.js';
import { bytes } from '../wire.js';

const asked = (
  title: string,
  line: string,
  status: number,
  code: string,
  {
    headers = [],
    as = 'engineer',
    trace = refused(code),
    body = '',
  }: {
    readonly headers?: readonly string[];
    readonly as?: Person | null;
    readonly trace?: Trace;
    readonly body?: string;
  } = {},
): Attack => ({
  title,
  send: async (scene) => {
    const authorization = as === null ? [] : [`Authorization: Bearer ${await scene.token(as)}`];
    return bytes(
      scene,
      [
        `${line} HTTP/1.1`,
        'Host: {host}',
        ...authorization,
        ...headers,
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
      ],
      body,
    );
  },
  status,
  code,
  trace,
});
const DIGEST = `sha256:${'0'.repeat(64)}`;
const append = JSON.stringify({
  stream: 'call-x',
  events: [{ type: 'CallCompleted', data: { a: CANARY.argument } }],
});
const readRefused: Trace = { type: 'LedgerReadRefused' };

export const innerDoors: AttackClass = {
  number: 19,
  title: 'inner doors: bus, ledger, services',
  rule: 'nobody speaks for a service of the gateway; what only services or officers may do, an agent\u2019s token does not open',
  attacks: [
    asked('an append to the ledger', 'POST /ledger/events', 404, 'not_found', { body: append }),
    asked('an append by the subject of the bus', 'POST /countersign.ledger.append.v1', 404, 'not_found', {
      body: append,
    }),
    asked('a decision asked of the policy service', 'POST /policy/decide', 404, 'not_found', { body: '{}' }),
    asked('a masking asked for directly', 'POST /masking/mask', 404, 'not_found', { body: '{}' }),
    asked('an approval requested directly', 'POST /approvals', 404, 'not_found', { body: '{}' }),
    asked('a header that names another service', 'POST /ledger/replay', 401, 'token_missing', {
      as: null,
      headers: ['X-Countersign-Service: ingress', 'Nats-User: ledger'],
      body: '{}',
    }),
    asked('a header that names another person', 'GET /ledger/events', 401, 'token_missing', {
      as: null,
      headers: ['X-Forwarded-User: examiner', 'X-Remote-User: examiner'],
    }),
    asked('reading the ledger with an agent\u2019s role', 'GET /ledger/events', 403, 'forbidden', {
      trace: readRefused,
    }),
    asked('reading calls with an agent\u2019s role', 'GET /ledger/calls', 403, 'forbidden', {
      trace: readRefused,
    }),
    asked('a replay with an agent\u2019s role', 'POST /ledger/replay', 403, 'forbidden', {
      trace: readRefused,
      body: '{}',
    }),
    asked('reading the ledger with a manager\u2019s role', 'GET /ledger/events', 403, 'forbidden', {
      as: 'manager',
      trace: readRefused,
    }),
    asked(
      'approving a tool with an agent\u2019s role',
      'POST /catalog/old/tools/PAY/approve',
      403,
      'forbidden',
      { body: JSON.stringify({ digest: DIGEST }) },
    ),
    asked('approving many with an agent\u2019s role', 'POST /catalog/approvals', 403, 'forbidden', {
      body: JSON.stringify({ server: 'old', entries: [{ kind: 'tools', name: 'PAY', digest: DIGEST }] }),
    }),
    asked('the approvals without a token', 'GET /approvals', 401, 'token_missing', { as: null }),
    asked('the catalog without a token', 'GET /catalog', 401, 'token_missing', { as: null }),
    asked('the files of the gateway', 'GET /../../etc/passwd', 404, 'not_found'),
    asked('the configuration', 'GET /.env', 404, 'not_found'),
    asked('the debugger', 'GET /json/version', 404, 'not_found'),
  ],
};
