import { type Attack, type AttackClass, denied, refused, type Trace } from '../attack.js';
import { answers, type Members } from '../recording-server.js';
import { CANARY, type Person, type Scene } from '../scene.js';
import { call, envelope, legacy, modern, openSession, post, type Sending, TASKS } from '../wire.js';

type Handle = (scene: Scene) => Promise<string>;
type Use = (scene: Scene, handle: string) => ReturnType<typeof post>;

const withHandle = (
  title: string,
  make: Handle,
  use: Use,
  status: number,
  code: string,
  trace: Trace = refused(code),
): Attack => {
  let handle = '';
  return {
    title,
    before: async (scene) => {
      handle = await make(scene);
    },
    send: (scene) => use(scene, handle),
    status,
    code,
    trace,
  };
};

const inSession = (scene: Scene, session: string, sending: Sending = {}) =>
  call(
    scene,
    'read',
    { a: CANARY.argument },
    { ...sending, headers: { 'mcp-session-id': session, ...sending.headers } },
  );
const session = (title: string, make: Handle, use: Use = (scene, id) => inSession(scene, id)): Attack =>
  withHandle(`a session ${title}`, make, use, 404, 'session_unknown');

const flipped = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
const middle = (text: string): number => Math.floor(text.length / 2);
const resealed = (text: string, key: string): string => text.replace(/^v1\.[^.]+\./, `v1.${key}.`);
const forms: readonly (readonly [string, (text: string) => string])[] = [
  ['that is made up', () => 'v1.k1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['that is cut', (text) => text.slice(0, -4)],
  ['with one other character', (text) => flipped(text, middle(text))],
  ['with another last character', (text) => flipped(text, text.length - 1)],
  ['sealed with a key that nobody has', (text) => resealed(text, 'other')],
  ['of another version', (text) => text.replace('v1.', 'v2.')],
  ['twice', (text) => text + text],
  ['of 200,000 characters', (text) => text + 'A'.repeat(200_000)],
];

/** A handle of the modern era, for a task or for a request that asks for more. */
const taskOf = async (scene: Scene, as: Person = 'engineer'): Promise<string> => {
  const task = {
    resultType: 'task',
    taskId: 'upstream-task-1',
    status: 'working',
    createdAt: '',
    lastUpdatedAt: '',
    ttl: null,
  };
  scene.new.next(answers(task));
  const { text } = await modern(
    scene,
    'tools/call',
    { name: 'read', arguments: {} },
    { as, meta: envelope(TASKS) },
  );
  return String((JSON.parse(text) as { result: Members }).result['taskId']);
};
const stateOf = async (scene: Scene, as: Person = 'engineer', args: Members = { a: 1 }): Promise<string> => {
  scene.new.next(answers({ resultType: 'input_required', requestState: 'upstream-state-1' }));
  const { text } = await modern(scene, 'tools/call', { name: 'read', arguments: args }, { as });
  return String((JSON.parse(text) as { result: Members }).result['requestState']);
};
const task = (scene: Scene, taskId: string, sending: Sending = {}, method = 'tasks/get') =>
  modern(
    scene,
    method,
    { taskId },
    {
      meta: envelope(TASKS),
      ...sending,
    },
  );
const proceed = (scene: Scene, requestState: string, params: Members = {}, sending: Sending = {}) =>
  modern(scene, 'tools/call', { name: 'read', arguments: { a: 1 }, ...params, requestState }, sending);
const badTask = (title: string, make: Handle, use: Use = (scene, id) => task(scene, id)): Attack =>
  withHandle(`a task ${title}`, make, use, 400, 'params_invalid');
const badState = (title: string, make: Handle, use: Use = (scene, state) => proceed(scene, state)): Attack =>
  withHandle(`a request state ${title}`, make, use, 400, 'params_invalid');

/** The role is taken away between the handle and its use; in the next token it is gone. */
const revoked = (title: string, make: Handle, use: Use): Attack =>
  withHandle(
    `${title}, after its role was revoked`,
    make,
    async (scene, handle) => {
      scene.regroup('engineer', []);
      try {
        return await use(scene, handle);
      } finally {
        scene.regroup('engineer', ['BANK-DATA-ENG']);
      }
    },
    200,
    'call_denied',
    denied('call_denied'),
  );

export const handles: AttackClass = {
  number: 11,
  title: 'sessions, tasks and request states',
  rule: 'a handle is good for the one it was given to and for what it was given for, and grants nothing by itself',
  attacks: [
    ...forms
      .filter(([form]) => !form.includes('200,000'))
      .map(([form, change]) => session(form, async (scene) => change(await openSession(scene)))),
    session('of another person', (scene) => openSession(scene, {}, 'colleague')),
    session(
      'of the same person at another client',
      (scene) => openSession(scene),
      async (scene, id) => {
        const token = await scene.token('engineer', { client_id: 'agent-2' });
        return inSession(scene, id, { headers: { authorization: `Bearer ${token}` } });
      },
    ),
    session('that was ended', async (scene) => {
      const id = await openSession(scene);
      const headers = { authorization: `Bearer ${await scene.token('engineer')}`, 'mcp-session-id': id };
      await fetch(`${scene.base}/mcp/old`, { method: 'DELETE', headers });
      return id;
    }),
    session('that the client has chosen itself (fixation)', async (scene) => {
      await post(
        scene,
        '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}',
        {
          headers: { 'mcp-session-id': 'chosen-by-the-attacker' },
        },
      );
      return 'chosen-by-the-attacker';
    }),
    session('that is empty', async () => ''),
    session('that is a task', (scene) => taskOf(scene)),
    session('that is a request state', (scene) => stateOf(scene)),
    {
      title: 'ending a session of another person',
      send: async (scene) => {
        const headers = {
          authorization: `Bearer ${await scene.token('engineer')}`,
          'mcp-session-id': await openSession(scene, {}, 'colleague'),
        };
        const answer = await fetch(`${scene.base}/mcp/old`, { method: 'DELETE', headers });
        const text = await answer.text();
        return { status: answer.status, code: /"code":"([a-z_]+)"/.exec(text)?.[1], text };
      },
      status: 404,
      code: 'session_unknown',
      trace: refused('session_unknown'),
    },
    {
      title: 'the stream of a session of another person',
      send: async (scene) => {
        const headers = {
          accept: 'text/event-stream',
          authorization: `Bearer ${await scene.token('engineer')}`,
          'mcp-session-id': await openSession(scene, {}, 'colleague'),
        };
        const answer = await fetch(`${scene.base}/mcp/old`, { headers });
        const text = await answer.text();
        return { status: answer.status, code: /"code":"([a-z_]+)"/.exec(text)?.[1], text };
      },
      status: 404,
      code: 'session_unknown',
      trace: refused('session_unknown'),
    },
    {
      title: 'a stream to resume that is somebody else\u2019s, or made up',
      send: async (scene) => {
        const headers = {
          accept: 'text/event-stream',
          authorization: `Bearer ${await scene.token('engineer')}`,
          'mcp-session-id': await openSession(scene),
          'last-event-id': 'guessed_1',
        };
        const answer = await fetch(`${scene.base}/mcp/old`, { headers });
        const text = await answer.text();
        return { status: answer.status, code: /"code":"([a-z_]+)"/.exec(text)?.[1], text };
      },
      status: 404,
      code: 'not_found',
      trace: refused('not_found'),
    },
    revoked(
      'a session',
      (scene) => openSession(scene),
      (scene, id) => inSession(scene, id),
    ),
    ...forms
      .map(([form, change]) => badTask(form, async (scene) => change(await taskOf(scene))))
      .filter(({ title }) => !title.includes('200,000')),
    badTask('by the upstream\u2019s own id', async (scene) => {
      await taskOf(scene);
      return 'upstream-task-1';
    }),
    badTask('of another person', (scene) => taskOf(scene, 'colleague')),
    badTask(
      'of another person, to cancel',
      (scene) => taskOf(scene, 'colleague'),
      (scene, id) => task(scene, id, {}, 'tasks/cancel'),
    ),
    badTask(
      'of another person, to feed',
      (scene) => taskOf(scene, 'colleague'),
      (scene, id) => task(scene, id, {}, 'tasks/update'),
    ),
    badTask(
      'at the endpoint of another server',
      (scene) => taskOf(scene),
      (scene, id) => task(scene, id, { endpoint: 'mcp/old' }),
    ),
    badTask('that is a request state', (scene) => stateOf(scene)),
    badTask('that is a session', (scene) => openSession(scene)),
    withHandle(
      'a task that is a number',
      async () => '1',
      (scene) =>
        modern(scene, 'tasks/get', { taskId: 1 }, { meta: envelope(TASKS), headers: { 'mcp-name': '1' } }),
      400,
      'header_mismatch',
    ),
    revoked(
      'a task',
      (scene) => taskOf(scene),
      (scene, id) => task(scene, id),
    ),
    ...forms.map(([form, change]) => badState(form, async (scene) => change(await stateOf(scene)))),
    badState('by the upstream\u2019s own', async (scene) => {
      await stateOf(scene);
      return 'upstream-state-1';
    }),
    badState('of another person', (scene) => stateOf(scene, 'colleague')),
    badState(
      'with other arguments',
      (scene) => stateOf(scene),
      (scene, state) => proceed(scene, state, { arguments: { a: 2 } }),
    ),
    badState(
      'with one argument more',
      (scene) => stateOf(scene),
      (scene, state) => proceed(scene, state, { arguments: { a: 1, b: 1 } }),
    ),
    badState(
      'for another tool',
      (scene) => stateOf(scene),
      (scene, state) => proceed(scene, state, { name: 'a__b' }),
    ),
    badState(
      'for another server',
      (scene) => stateOf(scene),
      (scene, state) => proceed(scene, state, {}, { endpoint: 'mcp/old' }),
    ),
    badState(
      'for another method',
      (scene) => stateOf(scene),
      (scene, requestState) =>
        modern(scene, 'prompts/get', { name: 'read', arguments: { a: 1 }, requestState }),
    ),
    badState(
      'in the legacy era',
      (scene) => stateOf(scene),
      (scene, requestState) =>
        legacy(
          scene,
          'tools/call',
          { name: 'read', arguments: { a: 2 }, requestState },
          { endpoint: 'mcp/new' },
        ),
    ),
    badState('that is a task', (scene) => taskOf(scene)),
    badState(
      'that is a list',
      (scene) => stateOf(scene),
      (scene, state) => proceed(scene, [state] as unknown as string),
    ),
    revoked(
      'a request state',
      (scene) => stateOf(scene),
      (scene, state) => proceed(scene, state),
    ),
  ],
};
