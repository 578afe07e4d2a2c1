import { type Attack, type AttackClass, denied, refused, type Trace } from '../attack.js';
import { answers, type Members } from '../recording-server.js';
import type { Person, Scene } from '../scene.js';
import { call, modern, type Sending } from '../wire.js';

let counter = 0;
/** Arguments that no other attack has, so that each gets an approval of its own. */
const fresh = (): Members => ({ order: `order-${++counter}` });

interface Held {
  readonly id: string;
  readonly digest: string;
  readonly args: Members;
}

const transfer = (scene: Scene, args: Members, sending: Sending = {}) =>
  call(scene, 'transfer', args, sending);
const idIn = (text: string): string => /"approvalId":"([^"]+)"/.exec(text)?.[1] ?? '';

const rest = async (scene: Scene, as: Person | string, path: string, body?: unknown) => {
  const token = as.includes('.') ? as : await scene.token(as as Person);
  const response = await fetch(`${scene.base}/approvals${path.startsWith('?') ? '' : '/'}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  const text = await response.text();
  const { code, digest } = JSON.parse(text) as { code?: string; digest?: string };
  return { status: response.status, code, text, digest };
};
const hold = async (scene: Scene, as: Person = 'engineer', args = fresh()): Promise<Held> => {
  const id = idIn((await transfer(scene, args, { as })).text);
  return { id, digest: (await rest(scene, 'manager', id)).digest ?? '', args };
};
const granted = async (scene: Scene): Promise<Held> => {
  const held = await hold(scene);
  const { status, text } = await rest(scene, 'manager', `${held.id}/approve`, { digest: held.digest });
  if (status !== 200) throw new Error(text);
  return held;
};

const attack = (
  title: string,
  make: (scene: Scene) => Promise<Held>,
  send: (scene: Scene, held: Held) => ReturnType<Attack['send']>,
  status: number,
  code: string,
  trace: Trace,
): Attack => {
  let held: Held = { id: '', digest: '', args: {} };
  return {
    title,
    before: async (scene) => {
      held = await make(scene);
    },
    send: (scene) => send(scene, held),
    status,
    code,
    trace,
  };
};
const vote = (
  title: string,
  body: (held: Held) => unknown,
  status: number,
  code: string,
  {
    as = 'manager',
    by = 'engineer',
    how = 'approve',
    make,
  }: { as?: Person; by?: Person; how?: string; make?: (scene: Scene) => Promise<Held> } = {},
): Attack =>
  attack(
    title,
    make ?? ((scene) => hold(scene, by)),
    (scene, held) => rest(scene, as, `${held.id}/${how}`, body(held)),
    status,
    code,
    refused(code),
  );
/** Sent after a grant, it needs another approval: the one that was given is not for it. */
const notCovered = (title: string, send: (scene: Scene, held: Held) => ReturnType<Attack['send']>): Attack =>
  attack(title, granted, send, 200, 'approval_pending', { type: 'CallHeld' });
const withDigest = ({ digest }: Held) => ({ digest });

/** A modern client without tasks is told nothing but to come back. */
const pendingFor = async (scene: Scene, { order }: Members): Promise<string> => {
  const { text } = await rest(scene, 'manager', '?status=pending&limit=200');
  const { items } = JSON.parse(text) as { items: { id: string; arguments: Members }[] };
  return items.find((item) => item.arguments['order'] === order)?.id ?? '';
};

/** A call of the modern era that was approved, forwarded, and has asked for more. */
const continued = async (scene: Scene): Promise<{ state: string; args: Members }> => {
  const args = fresh();
  const params = { name: 'transfer', arguments: args };
  await modern(scene, 'tools/call', params);
  const id = await pendingFor(scene, args);
  const { digest } = await rest(scene, 'manager', id);
  await rest(scene, 'manager', `${id}/approve`, { digest });
  scene.new.next(answers({ resultType: 'input_required', requestState: 'state' }));
  const { text } = await modern(scene, 'tools/call', params);
  return { state: /"requestState":"([^"]+)"/.exec(text)?.[1] ?? '', args };
};
const continuation = (
  title: string,
  send: (scene: Scene, state: string, args: Members) => ReturnType<Attack['send']>,
  code: string,
  trace: Trace,
  status = 200,
): Attack => {
  let at: { state: string; args: Members } = { state: '', args: {} };
  return {
    title,
    before: async (scene) => {
      at = await continued(scene);
    },
    send: (scene) => send(scene, at.state, at.args),
    status,
    code,
    trace,
  };
};
const proceed = (scene: Scene, requestState: string, args: Members) =>
  modern(scene, 'tools/call', { name: 'transfer', arguments: args, requestState });

export const approvals: AttackClass = {
  number: 12,
  title: 'approvals',
  rule: 'what was approved is what runs, once, for whom it was asked, by humans who may and did not ask themselves',
  attacks: [
    vote('by the requester', withDigest, 403, 'approver_is_requester', { by: 'manager' }),
    vote('by a role that may not', withDigest, 404, 'approval_unknown', { as: 'colleague' }),
    vote('by the requester without the role', withDigest, 403, 'approver_is_requester', { as: 'engineer' }),
    vote('without the digest', () => ({}), 409, 'digest_mismatch'),
    vote('with another digest', () => ({ digest: `sha256:${'0'.repeat(64)}` }), 409, 'digest_mismatch'),
    vote(
      'with the digest in capitals',
      ({ digest }) => ({ digest: digest.toUpperCase() }),
      409,
      'digest_mismatch',
    ),
    vote('with a digest that is a list', ({ digest }) => ({ digest: [digest] }), 400, 'body_invalid'),
    vote(
      'with a role of its own',
      (held) => ({ ...withDigest(held), roles: ['manager'] }),
      400,
      'body_invalid',
    ),
    vote('in malformed JSON', () => '{"digest":', 400, 'body_invalid'),
    vote('after it was given', withDigest, 409, 'approval_closed', { make: granted }),
    vote('to deny what was approved', () => ({ reason: 'no' }), 409, 'approval_closed', {
      make: granted,
      how: 'deny',
    }),
    vote('to deny without a reason', withDigest, 400, 'reason_missing', { how: 'deny' }),
    attack(
      'a vote on an approval that does not exist',
      hold,
      (scene) => rest(scene, 'manager', 'made-up/approve', { digest: 'x' }),
      404,
      'approval_unknown',
      refused('approval_unknown'),
    ),
    attack(
      'a vote by a machine',
      hold,
      async (scene, held) =>
        rest(
          scene,
          await scene.token('manager', {
            sub: 'agent-1',
            preferred_username: undefined,
            client_id: 'agent-1',
            azp: 'agent-1',
            gty: 'client-credentials',
          }),
          `${held.id}/approve`,
          withDigest(held),
        ),
      403,
      'approver_not_eligible',
      refused('approver_not_eligible'),
    ),
    attack(
      'a vote with a token for the agents\u2019 endpoint',
      hold,
      async (scene, held) =>
        rest(
          scene,
          await scene.token('manager', { aud: `${scene.base}/mcp/old` }),
          `${held.id}/approve`,
          withDigest(held),
        ),
      401,
      'token_invalid',
      refused('token_invalid'),
    ),
    attack(
      'a forged vote',
      hold,
      async (scene, held) => {
        const [head, text] = (await scene.token('manager')).split('.');
        return rest(scene, `${head}.${text}.AAAA`, `${held.id}/approve`, withDigest(held));
      },
      401,
      'token_invalid',
      refused('token_invalid'),
    ),
    attack(
      'the call that waits, sent again before it was approved',
      hold,
      (scene, { args }) => transfer(scene, args),
      200,
      'approval_pending',
      { type: 'CallRepeated' },
    ),
    notCovered('other arguments after the grant', (scene, { args }) =>
      transfer(scene, { ...args, amount: 1 }),
    ),
    notCovered('arguments of another type after the grant', (scene, { args: { order } }) =>
      transfer(scene, { order: [order] }),
    ),
    notCovered('the same call by another person', (scene, { args }) =>
      transfer(scene, args, { as: 'manager' }),
    ),
    notCovered('the same call by another client of the same person', async (scene, { args }) =>
      transfer(scene, args, {
        headers: { authorization: `Bearer ${await scene.token('engineer', { client_id: 'agent-2' })}` },
      }),
    ),
    notCovered('the same call to another server', (scene, { args }) =>
      transfer(scene, args, { endpoint: 'mcp/new' }),
    ),
    {
      ...attack(
        'the same call a second time after it ran',
        async (scene) => {
          const held = await granted(scene);
          await transfer(scene, held.args);
          return held;
        },
        (scene, { args }) => transfer(scene, args),
        200,
        'approval_pending',
        { type: 'CallHeld' },
      ),
    },
    {
      ...attack(
        'the same call ten times at once after the grant',
        granted,
        async (scene, { args }) => {
          const all = await Promise.all(Array.from({ length: 10 }, () => transfer(scene, args)));
          const ran = all.filter(({ code }) => code === undefined);
          if (ran.length !== 1) throw new Error(`${ran.length} ran`);
          return { status: 200, code: 'answered', text: ran[0]?.text ?? '' };
        },
        200,
        'answered',
        { type: 'CallCompleted' },
      ),
      forwards: 1,
    },
    attack(
      'a call whose requester has lost the role since',
      granted,
      async (scene, { args }) => {
        scene.regroup('engineer', []);
        try {
          return await transfer(scene, args);
        } finally {
          scene.regroup('engineer', ['BANK-DATA-ENG']);
        }
      },
      200,
      'call_denied',
      denied('call_denied'),
    ),
    attack(
      'a call that was denied',
      async (scene) => {
        const held = await hold(scene);
        await rest(scene, 'manager', `${held.id}/deny`, { digest: held.digest, reason: 'not today' });
        return held;
      },
      (scene, { args }) => transfer(scene, args),
      200,
      'approval_pending',
      { type: 'CallHeld' },
    ),
    continuation(
      'an approved call continued with other arguments',
      (scene, state, args) => proceed(scene, state, { ...args, amount: 1 }),
      'params_invalid',
      refused('params_invalid'),
      400,
    ),
    {
      ...continuation(
        'an approved call continued twice',
        async (scene, state, args) => {
          await proceed(scene, state, args);
          return proceed(scene, state, args);
        },
        'approval_stale',
        denied('approval_stale'),
      ),
      forwards: 1,
    },
    continuation(
      'an approved call continued by another person',
      (scene, requestState, args) =>
        modern(scene, 'tools/call', { name: 'transfer', arguments: args, requestState }, { as: 'manager' }),
      'params_invalid',
      refused('params_invalid'),
      400,
    ),
  ],
};
