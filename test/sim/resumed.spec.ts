import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { REPEATED_MAX } from '../../apps/ingress/call/record-repeated.js';
import { ApprovalPending, type HeldCall } from '../../apps/ingress/call/waiting/approval-pending.js';
import { clock } from './clock.js';
import { VOTERS } from './people.js';
import { World } from './world.js';

const MOMENTS_MAX = 2_000;
/** Stories begin on a Monday at midnight. */
const MONDAY_LEFT_MS = 24 * 60 * 60_000;

beforeAll(() => clock.start());
afterAll(() => clock.stop());

/** Everything is delivered in order until it is so. */
const until = async (world: World, isSo: () => boolean): Promise<void> => {
  for (let moment = 0; moment < MOMENTS_MAX; moment++) {
    if (isSo()) return;
    if (world.network.pending.length > 0) world.network.deliver(0, 'none', 0);
    else clock.next();
    await clock.turn();
  }
  throw new Error('it does not come to that');
};

const types = ({ store }: World, type: string) => store.events.filter((event) => event.type === type);

const endOf = (world: World, at: number): unknown => {
  const ended = world.asked[at]?.ended;
  if (ended === undefined || 'value' in ended) return ended;
  return ended.error instanceof CountersignError ? ended.error.code : ended.error;
};

/** A call whose client has been told to come back, and that two people have approved since. */
const approvedLater = async (world: World): Promise<HeldCall> => {
  world.ask(0);
  await until(world, () => world.asked[0]?.ended !== undefined);
  const ended = world.asked[0]?.ended;
  if (ended === undefined || 'value' in ended || !(ended.error instanceof ApprovalPending))
    throw new Error('it does not wait');
  const { held } = ended.error;
  const [requested] = types(world, 'ApprovalRequested');
  const digest = String(requested && readEntry(requested.entry).data['digest']);
  for (const voter of VOTERS.slice(0, 2)) world.vote(0, voter, 'approve', held.approvalId, digest);
  await until(world, () => types(world, 'ApprovalGranted').length > 0);
  return held;
};

const resume = async (
  world: World,
  held: HeldCall,
  round: number | null,
  replica = world.asked.length % 2,
): Promise<unknown> => {
  const at = world.asked.length;
  const after = round === null ? {} : { after: 2 };
  world.ask(replica, { resumes: { ...held, round, ...after } });
  await until(world, () => world.asked[at]?.ended !== undefined);
  return endOf(world, at);
};

describe('a held call that is taken up again', () => {
  let world: World;
  beforeEach(() => {
    clock.reset();
    world = new World({ approvalReplicas: 1, grants: false });
  });

  it('runs once, however often its task is looked at', async () => {
    const held = await approvedLater(world);
    expect(await resume(world, held, null)).toHaveProperty('value');
    expect(await resume(world, held, null)).toBe('revision_conflict');
    expect(world.forwards).toHaveLength(1);
  });

  it.each([
    ['its task', null],
    ['a state', 1],
  ])('by %s never runs as a call of its own, also when policy allows it by now', async (_, round) => {
    const held = await approvedLater(world);
    world.policy = 'allowing';
    expect(await resume(world, held, round)).toBe('approval_stale');
    expect(await resume(world, held, round)).not.toHaveProperty('value');
    expect(world.forwards).toHaveLength(0);
    expect(types(world, 'CallRequested')).toHaveLength(1);
  });

  it('by its task ends once policy denies it, and is refused on its own record', async () => {
    const held = await approvedLater(world);
    world.policy = 'denying';
    expect(await resume(world, held, null)).toBe('call_denied');
    expect(types(world, 'CallRequested')).toHaveLength(1);
    expect(types(world, 'CallDenied').map(({ stream }) => stream)).toEqual([`call-${held.callId}`]);
  });

  it('runs under no approval when the same policy asks for another one by then, and that is on its own record', async () => {
    clock.reset();
    clock.advance(MONDAY_LEFT_MS - 2_000);
    world = new World({ approvalReplicas: 1, grants: false });
    world.policy = 'tuesdays';
    const held = await approvedLater(world);
    expect(await resume(world, held, null)).toBe('approval_stale');
    expect(world.forwards).toHaveLength(0);
    expect(types(world, 'CallDenied').map(({ stream }) => stream)).toEqual([`call-${held.callId}`]);
  });

  it('by its task ends once where its tool is held by now, and each later look finds that end', async () => {
    const held = await approvedLater(world);
    world.tool = 'held';
    expect(await resume(world, held, null)).toBe('tool_held');
    const { length } = world.store.events;
    world.tool = 'pinned';
    expect(await resume(world, held, null)).not.toHaveProperty('value');
    expect(types(world, 'CallDenied').map(({ stream }) => stream)).toEqual([`call-${held.callId}`]);
    expect(types(world, 'CallRequested')).toHaveLength(1);
    expect(world.store.events.slice(length).filter(({ stream }) => stream.startsWith('call-'))).toEqual([]);
    expect(world.forwards).toHaveLength(0);
  });

  it('by its task ends once where a budget is used up for good', async () => {
    world = new World({ approvalReplicas: 1, grants: false, budget: { calls: 1 } });
    const held = await approvedLater(world);
    for (let look = 0; look < 3; look++) expect(await resume(world, held, null, 0)).toBe('budget_exceeded');
    expect(types(world, 'CallDenied').map(({ stream }) => stream)).toEqual([`call-${held.callId}`]);
    expect(types(world, 'CallRequested')).toHaveLength(1);
  });

  it('by its task waits on where a budget is free again or a server is back in a while, and no look is recorded', async () => {
    world = new World({ approvalReplicas: 1, grants: false, budget: { calls_per_minute: 1 } });
    const held = await approvedLater(world);
    for (let look = 0; look < 3; look++) expect(await resume(world, held, null, 0)).toBe('budget_exceeded');
    world.tool = 'unreachable';
    expect(await resume(world, held, null, 1)).toBe('upstream_unavailable');
    expect(types(world, 'CallDenied')).toEqual([]);
    expect(types(world, 'CallRepeated')).toEqual([]);
    expect(types(world, 'CallRequested')).toHaveLength(1);
  });
});

/** So many more repetitions of the held call, as its ingress records them. */
const repeated = async ({ store }: World, callId: string, times: number): Promise<void> => {
  const before = store.events.filter(({ stream }) => stream === `call-${callId}`);
  const first = before[0] && readEntry(before[0].entry);
  if (first?.payload === undefined) throw new Error('the call is not on record');
  const { payload, actor, time } = first;
  const event = { type: 'CallRepeated', v: 1, data: { approvalId: callId, instance: 'i' }, payload };
  const context = { stream: `call-${callId}`, expected: before.length - 1, time, actor, correlation: callId };
  const more = Array.from({ length: times }, () => ({ event, attachment: Buffer.from('{}') }));
  const { stream, expected, events } = buildAppend(
    { ...context, causation: callId, newId: randomUUID },
    more,
  );
  await store.append(stream, expected, events);
};

describe('a held call that comes again and again', () => {
  it('is recorded so often and no more until people have decided; then it runs all the same, once, with its bytes', async () => {
    clock.reset();
    const world = new World({ approvalReplicas: 1, grants: false });
    const ask = async (): Promise<unknown> => {
      const at = world.asked.length;
      world.ask(1);
      await until(world, () => world.asked[at]?.ended !== undefined);
      return endOf(world, at);
    };
    const recorded = (type: string, times: number) => until(world, () => types(world, type).length === times);
    world.ask(0);
    await recorded('ApprovalRequested', 1);
    const [requested] = types(world, 'ApprovalRequested');
    const { callId, digest } = (requested && readEntry(requested.entry).data) ?? {};
    await repeated(world, String(callId), REPEATED_MAX - 1);
    world.ask(0);
    await recorded('CallRepeated', REPEATED_MAX);
    expect(await ask()).toBe('repeated_too_often');
    world.restart('ingress', 0);
    for (const voter of VOTERS.slice(0, 2)) world.vote(0, voter, 'approve', String(callId), String(digest));
    await recorded('ApprovalGranted', 1);
    expect(types(world, 'CallRepeated')).toHaveLength(REPEATED_MAX);
    expect(await ask()).toHaveProperty('value');
    expect(world.forwards).toHaveLength(1);
    const last = types(world, 'CallRepeated').at(-1);
    const [intended] = types(world, 'ForwardIntended');
    if (last === undefined || intended === undefined) throw new Error('nothing was forwarded');
    expect(types(world, 'CallRepeated')).toHaveLength(REPEATED_MAX + 1);
    expect(readEntry(intended.entry).data['request']).toBe(readEntry(last.entry).payload?.commit);
  });
});
