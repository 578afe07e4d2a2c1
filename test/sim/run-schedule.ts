import { DEADLINE_MS_MAX } from '#contracts/contract.js';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { type History, readHistory } from './check-history.js';
import { clock } from './clock.js';
import { FOLLOWS_TASKS, REQUESTER, VOTERS } from './people.js';
import type { Schedule, Step } from './schedule.js';
import { World, type WorldOptions } from './world.js';

/** Messages and timers after the last choice; a schedule that needs more does not end. */
const MOMENTS_MAX = 6_000;
const SETTLE_MS = 500;
const STORY_MS_MAX = 60_000;

export interface Outcome extends History {
  readonly world: World;
  /** Stable codes that agents were told, `ok`, or `lost` with their replica. */
  readonly told: readonly string[];
}

/**
 * Plays a schedule to its end and checks it. Deterministic: the same schedule gives the same story.
 * @throws Error that says which rule was broken
 */
export const runSchedule = async (
  { steps, again, choices, approvalReplicas, faults, grants }: Schedule,
  options: Omit<WorldOptions, 'approvalReplicas' | 'grants'> = {},
): Promise<Outcome> => {
  clock.reset();
  const world = new World({ ...options, approvalReplicas, grants });
  const left = [...steps];
  for (const choice of choices) {
    moment(world, left, choice, faults);
    await clock.turn();
  }
  for (const step of left) {
    take(world, step);
    await clock.turn();
    for (let more = 0; more < 10; more++) await next(world);
  }
  for (const replica of again) world.ask(replica);
  await untilQuiet(world);
  return check(world);
};

/** One thing happens. Most are deliveries in order, some out of order, few are faults. */
const moment = (world: World, left: Step[], choice: number, faults: Schedule['faults']): void => {
  const { network } = world;
  const kind = choice % 16;
  const pick = choice >> 4;
  const [step] = left;
  const fault = pick % 3 === 0 ? 'lost' : 'twice';
  if (kind >= 13 && step !== undefined && isPossible(world, step)) take(world, left.shift() ?? step);
  else if (network.pending.length === 0) clock.next();
  else if (kind === 12) clock.advance(pick % 64 === 0 ? DEADLINE_MS_MAX : 10);
  else if (kind === 11 && pick % 4 < faults) network.deliver(pick % network.pending.length, fault, pick);
  else network.deliver(kind < 6 ? 0 : pick % network.pending.length, 'none', pick);
};

/** Nobody votes on what nobody has asked for, or comes back before they are told to. */
const isPossible = (world: World, { do: what }: Step): boolean =>
  (what !== 'come back' || world.offers().length > 0 || world.asked.every(({ ended }) => ended)) &&
  (!['vote', 'withdraw', 'revoke'].includes(what) ||
    world.store.events.some(({ type }) => type === 'ApprovalRequested'));

const next = async (world: World): Promise<void> => {
  if (world.network.pending.length > 0) world.network.deliver(0, 'none', 0);
  else clock.next();
  await clock.turn();
};

/** The approval that people look at: the one that waits longest, or the newest. */
const shownOf = ({ store: { events } }: World, latest: boolean): StoredEvent | undefined => {
  const decided = new Set(events.filter(({ type }) => DECIDED.has(type)).map(({ stream }) => stream));
  const requested = events.filter(({ type }) => type === 'ApprovalRequested');
  const pending = requested.find(({ stream }) => !decided.has(stream));
  return latest ? requested.at(-1) : (pending ?? requested.at(-1));
};

const DECIDED: ReadonlySet<string> = new Set([
  'ApprovalGranted',
  'ApprovalDenied',
  'ApprovalExpired',
  'ApprovalWithdrawn',
]);

const take = (world: World, step: Step): void => {
  const shown = shownOf(world, step.do === 'vote' && step.latest);
  const id = shown?.stream.slice('approval-'.length) ?? 'none';
  if (step.do === 'ask') world.ask(step.replica, step.followsTasks ? FOLLOWS_TASKS : {});
  if (step.do === 'come back') world.comeBack(step.replica, step.told);
  if (step.do === 'cancel') world.asked[step.asked]?.cancel();
  if (step.do === 'vote') {
    const digest = step.stale ? 'sha256:0' : String(shown && readEntry(shown.entry).data['digest']);
    world.vote(step.replica, VOTERS[step.voter] ?? REQUESTER, step.vote, id, digest);
  }
  if (step.do === 'withdraw') world.withdraw(step.replica, REQUESTER, id);
  if (step.do === 'revoke') world.revoke(step.replica, REQUESTER, id);
  if (step.do === 'policy') world.policy = world.policy === 0 ? 1 : 0;
  if (step.do === 'restart') world.restart(step.service, step.replica);
  if (step.do === 'append fails') world.store.failNextAppend(step.fault);
  if (step.do === 'time') clock.advance(step.ms);
};

/** From here on nothing is lost any more: everything that was begun must come to an end by itself. */
const untilQuiet = async (world: World): Promise<void> => {
  const from = Date.now();
  let quietSince: number | undefined;
  let seen = -1;
  for (let moments = 0; moments < MOMENTS_MAX; moments++) {
    if (Date.now() - from > STORY_MS_MAX) return;
    const isWaiting = world.asked.some(({ ended, lost }) => ended === undefined && !lost);
    // Reading the whole history is work: only when there is more of it.
    if (isWaiting || seen !== world.store.events.length) {
      quietSince = !isWaiting && isQuiet(world) ? Date.now() : undefined;
      if (!isWaiting) seen = world.store.events.length;
    }
    if (quietSince !== undefined && Date.now() - quietSince >= SETTLE_MS) return;
    await next(world);
  }
  throw new Error('the schedule does not end');
};

const isQuiet = (world: World): boolean => {
  const { calls, approvals, used } = readHistory(world.store.events);
  const isOpen = [...calls.values()].some(({ kind }) => kind !== 'ended' && kind !== 'forwarding');
  const isPending = [...approvals].some(
    ([id, { status }]) => status === 'pending' || (status === 'granted' && !used.has(id)),
  );
  return !isOpen && !isPending;
};

const check = (world: World): Outcome => {
  const { network, store, asked, forwards } = world;
  if (network.bugs.length > 0) throw network.bugs[0];
  const history = readHistory(store.events);
  const { approvals, calls, used } = history;
  forwards.forEach(({ intents }, at) => {
    if (at >= intents) throw new Error('the upstream was asked more often than intents were on record');
  });
  for (const [id, { kind }] of calls) {
    // A forward whose ingress died or never heard that it was stored is closed by the recovery of the ledger.
    if (kind !== 'ended' && kind !== 'forwarding') throw new Error(`the call ${id} is ${kind} for ever`);
  }
  for (const [id, approval] of approvals) {
    if (approval.status === 'none') continue;
    const isUsed = used.has(id);
    if (isUsed !== (approval.status === 'granted'))
      throw new Error(
        `an approval ${isUsed ? 'that is used' : 'that is not used'} is ${approval.status} for ever`,
      );
  }
  return { ...history, world, told: asked.map(({ ended, lost }) => (lost ? 'lost' : toldOf(ended))) };
};

const toldOf = (ended: World['asked'][number]['ended']): string => {
  if (ended === undefined) return 'nothing';
  if ('value' in ended) return 'ok';
  if (ended.error instanceof CountersignError) return ended.error.code;
  throw ended.error;
};
