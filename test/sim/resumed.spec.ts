import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
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

const resume = async (world: World, held: HeldCall, round: number | null): Promise<unknown> => {
  const at = world.asked.length;
  const after = round === null ? {} : { after: 2 };
  world.ask(at % 2, { resumes: { ...held, round, ...after } });
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
});
