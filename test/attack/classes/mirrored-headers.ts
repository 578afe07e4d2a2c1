import { type Attack, type AttackClass, completed, denied, refused } from '../attack.js';
import type { Members } from '../recording-server.js';
import { CANARY } from '../scene.js';
import { envelope, type Headers, legacy, MODERN, modern, post, TASKS } from '../wire.js';

const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;
const args = { a: CANARY.argument };

const mismatch = (
  title: string,
  headers: Headers,
  params: Members = { name: 'read', arguments: args },
): Attack => ({
  title,
  send: (scene) => modern(scene, 'tools/call', params, { headers }),
  status: 400,
  code: 'header_mismatch',
  trace: refused('header_mismatch'),
});
const ofMethod = (title: string, method: string, params: Members, headers: Headers): Attack => ({
  ...mismatch(title, {}),
  send: (scene) => modern(scene, method, params, { headers, meta: envelope(TASKS) }),
});
const mirrored = (title: string, region: unknown, headers: Headers, amount?: unknown): Attack =>
  mismatch(title, headers, {
    name: 'mirrored',
    arguments: {
      ...(region === undefined ? {} : { region }),
      ...(amount === undefined ? {} : { amount }),
      ...args,
    },
  });
const envelopeOf = (title: string, meta: unknown, code: string, headers: Headers = {}): Attack => ({
  title,
  send: (scene) =>
    modern(scene, 'tools/call', { name: 'read', arguments: args }, { meta: meta as Members, headers }),
  status: 400,
  code,
  trace: refused(code),
});
const META = 'io.modelcontextprotocol';
const without = (key: string): Members =>
  Object.fromEntries(Object.entries(envelope()).filter(([name]) => name !== `${META}/${key}`));

export const mirroredHeaders: AttackClass = {
  number: 4,
  title: 'headers that mirror the body',
  rule: 'who decides by the headers and who decides by the body decide on the same request',
  attacks: [
    mismatch(
      'Mcp-Name names an allowed tool, the body a forbidden one',
      { 'mcp-name': 'read' },
      { name: 'forbidden' },
    ),
    mismatch('Mcp-Name names a forbidden tool, the body an allowed one', { 'mcp-name': 'forbidden' }),
    mismatch('no Mcp-Name', { 'mcp-name': undefined }),
    mismatch('an empty Mcp-Name', { 'mcp-name': '' }),
    mismatch('Mcp-Name in another case', { 'mcp-name': 'READ' }),
    mismatch('Mcp-Name with a second name behind a comma', { 'mcp-name': 'read, forbidden' }),
    mismatch('Mcp-Name in base64 names another tool', { 'mcp-name': base64('forbidden') }),
    mismatch('Mcp-Name in base64 that is cut', { 'mcp-name': '=?base64?cmVhZ' }),
    mismatch('Mcp-Name in base64 with stray bits', { 'mcp-name': '=?base64?cmVhZB==?=' }),
    mismatch('Mcp-Name in base64 of the URL alphabet', { 'mcp-name': '=?base64?-_-_?=' }),
    mismatch('Mcp-Name in base64 that is not UTF-8', { 'mcp-name': '=?base64?/w==?=' }),
    mismatch('Mcp-Name in base64 in base64', { 'mcp-name': base64(base64('read')) }),
    mismatch('Mcp-Name with another encoding', { 'mcp-name': '=?utf-8?B?cmVhZA==?=' }),
    mismatch('Mcp-Name percent-encoded', { 'mcp-name': 'rea%64' }),
    mismatch('Mcp-Method names another method', { 'mcp-method': 'tools/list' }),
    mismatch('no Mcp-Method', { 'mcp-method': undefined }),
    mismatch('Mcp-Method in another case', { 'mcp-method': 'Tools/Call' }),
    mismatch('Mcp-Method in base64', { 'mcp-method': base64('tools/call') }),
    mismatch('Mcp-Method twice', { 'mcp-method': 'tools/call, tools/call' }),
    ofMethod('Mcp-Name names another prompt', 'prompts/get', { name: 'hidden' }, { 'mcp-name': 'summary' }),
    ofMethod(
      'Mcp-Name names another resource',
      'resources/read',
      { uri: 'bank://secret/1' },
      { 'mcp-name': 'bank://public/1' },
    ),
    ofMethod('Mcp-Name names another task', 'tasks/get', { taskId: 'a' }, { 'mcp-name': 'b' }),
    ofMethod(
      'no Mcp-Name beside a task to cancel',
      'tasks/cancel',
      { taskId: 'a' },
      { 'mcp-name': undefined },
    ),
    mirrored('Mcp-Param of another value', 'EU', { 'mcp-param-region': 'US' }),
    mirrored('no Mcp-Param for a mirrored argument', 'EU', {}),
    mirrored('Mcp-Param without the argument', undefined, { 'mcp-param-region': 'EU' }),
    mirrored('Mcp-Param in base64 of another value', 'EU', { 'mcp-param-region': base64('US') }),
    mirrored('Mcp-Param in base64 that is malformed', 'EU', { 'mcp-param-region': '=?base64?RV?=' }),
    mirrored(
      'Mcp-Param of another number',
      'EU',
      { 'mcp-param-region': 'EU', 'mcp-param-amount': '1' },
      10_000,
    ),
    mirrored(
      'Mcp-Param of a number in another notation',
      'EU',
      { 'mcp-param-region': 'EU', 'mcp-param-amount': '1e4' },
      10_000,
    ),
    mirrored(
      'Mcp-Param of a hexadecimal number',
      'EU',
      { 'mcp-param-region': 'EU', 'mcp-param-amount': '0x10' },
      16,
    ),
    mirrored('Mcp-Param in another case', 'EU', { 'mcp-param-region': 'eu' }),
    {
      title: 'Mcp-Param that the schema does not know is not passed on',
      send: (scene) =>
        modern(
          scene,
          'tools/call',
          { name: 'read', arguments: {} },
          { headers: { 'mcp-param-admin': CANARY.header } },
        ),
      status: 200,
      trace: completed,
      forwards: 1,
    },
    {
      ...envelopeOf('the revision of the header is not that of the body', envelope(), 'header_mismatch', {
        'mcp-protocol-version': '2025-11-25',
      }),
    },
    envelopeOf('no MCP-Protocol-Version header', envelope(), 'header_mismatch', {
      'mcp-protocol-version': undefined,
    }),
    envelopeOf(
      'a revision that nobody knows',
      envelope({}, { [`${META}/protocolVersion`]: '2099-01-01' }),
      'revision_unsupported',
      {
        'mcp-protocol-version': '2099-01-01',
      },
    ),
    envelopeOf('a header of the modern era with an empty _meta', {}, 'params_invalid'),
    envelopeOf('_meta without the revision', without('protocolVersion'), 'params_invalid'),
    envelopeOf(
      '_meta without the capabilities of the client',
      without('clientCapabilities'),
      'params_invalid',
    ),
    envelopeOf(
      'a revision that is a list',
      envelope({}, { [`${META}/protocolVersion`]: [MODERN] }),
      'params_invalid',
    ),
    envelopeOf('capabilities that are a list', envelope([] as unknown as Members), 'params_invalid'),
    envelopeOf(
      'client information that is a text',
      envelope({}, { [`${META}/clientInfo`]: 'x' }),
      'params_invalid',
    ),
    {
      title: 'a notification of the modern era',
      send: (scene) => {
        return post(
          scene,
          JSON.stringify({
            jsonrpc: '2.0',
            method: 'notifications/cancelled',
            params: { requestId: 1, _meta: envelope() },
          }),
          {
            endpoint: 'mcp/new',
            headers: { 'mcp-protocol-version': MODERN },
          },
        );
      },
      status: 400,
      code: 'frame_invalid',
      trace: refused('frame_invalid'),
    },
    {
      title: 'a revision of the legacy era that nobody knows',
      send: (scene) =>
        legacy(
          scene,
          'tools/call',
          { name: 'read', arguments: args },
          { headers: { 'mcp-protocol-version': '1999-12-31' } },
        ),
      status: 400,
      code: 'revision_unsupported',
      trace: refused('revision_unsupported'),
    },
    {
      title: 'mirrored headers of a request of the legacy era decide nothing',
      send: (scene) =>
        legacy(
          scene,
          'tools/call',
          { name: 'forbidden', arguments: args },
          { headers: { 'mcp-name': 'read', 'mcp-method': 'ping' } },
        ),
      status: 200,
      code: 'call_denied',
      trace: denied('call_denied'),
    },
  ],
};
