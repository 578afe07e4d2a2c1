import { randomUUID } from 'node:crypto';
import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { hasExpired } from '#core/approval/decide-approval.js';
import { type CallContinued, callStream, type ForwardIntended } from '#core/call/call.events.js';
import { type CallState, NO_CALL } from '#core/call/evolve-call.js';
import { CountersignError } from '#core/errors.js';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry, requireKnown } from '#core/evidence/read-entry.js';
import {
  type AppendResult,
  type EventStore,
  type StoredEvent,
  StoreFull,
  UnknownOutcome,
  WrongRevision,
} from '#event-store/event-store.js';
import { checkPolicyActivation } from './check-activation.js';
import { advanceCall, checkEntries } from './check-append.js';
import { checkApproved } from './check-approved.js';
import { type Continuation, checkContinuation, continuationIn } from './check-continuation.js';
import { GrantUses } from './grant-uses.js';
import { OpenCalls } from './open-calls.js';
import { PolicyInForce } from './policy-in-force.js';

/** How long after its own deadline a forwarded call of a living ingress may still be open. */
const OVERDUE_GRACE_MS = 5_000;

/** The only writer of the event store. Checks every append against the rules of its stream before it is stored. */
export class Ledger {
  readonly open = new OpenCalls();
  /** The last event this process knows to be durable. */
  lastStored: { stream: string; revision: number; id: string; position: string } | undefined;

  private readonly grants: GrantUses;
  private readonly policy: PolicyInForce;

  constructor(readonly store: EventStore) {
    this.policy = new PolicyInForce(store);
    this.grants = new GrantUses(store, (command) => this.storeAppend(command));
  }

  /**
   * Durable once this returns.
   * @throws CountersignError revision_conflict, body_invalid, event_unknown, policy_stale, approval_stale,
   *   approval_expired, ledger_full, ledger_unavailable
   */
  async append(command: AppendCommand): Promise<AppendResult> {
    const entries = checkEntries(command);
    const before = command.stream.startsWith('call-') ? await this.callState(command) : undefined;
    const after = before === undefined ? undefined : advanceCall(before, entries);
    if (after !== undefined) await this.policy.requireDecided(entries);
    const forward = entries.find((entry) => entry.type === 'ForwardIntended');
    if (forward !== undefined) await this.checkApproval(forward, entries);
    const activations = entries.filter(({ type }) => type === 'PolicyActivated');
    for (const entry of activations) await checkPolicyActivation(this.store, entry);
    const result = await this.storeAppend(command).finally(() => {
      if (activations.length > 0) this.policy.forget();
    });
    if (after !== undefined) this.remember(command.stream, after, result.revision, entries);
    return result;
  }

  /**
   * Rebuilds the state of a call from its stream; used after a restart and after an unknown outcome.
   * @throws CountersignError event_unknown: nothing can follow in this stream, and it is not remembered as open
   */
  async reload(stream: string): Promise<void> {
    const events = await this.store.readStream(stream);
    this.open.forget(stream);
    if (events.length === 0) return;
    const entries = events.map((event) => readEntry(event.entry));
    this.remember(stream, advanceCall(NO_CALL, entries), events.length - 1, entries);
  }

  private async callState({ stream, expected }: AppendCommand): Promise<CallState> {
    if (expected === -1) return NO_CALL;
    if (this.open.get(stream)?.revision !== expected) await this.reload(stream);
    const known = this.open.get(stream);
    if (known === undefined || known.revision !== expected)
      throw new CountersignError('revision_conflict', stream);
    return known.state;
  }

  /**
   * A forward that names an approval needs that approval granted, unexpired, and for this very call or for one that this
   * call continues, at this moment; or a use of its grant, which counts as taken then.
   */
  private async checkApproval(entry: Entry, entries: readonly Entry[]): Promise<void> {
    const { approvalId, grantKey } = asEvent<ForwardIntended>(entry).data;
    if (approvalId === null) return;
    if (grantKey !== undefined) return this.grants.take(entry, entries);
    const events = await this.store.readStream(approvalStream(approvalId));
    const approval = events.reduce<ApprovalState>(
      (state, event) => evolveApproval(state, asEvent<ApprovalEvent>(readEntry(event.entry))),
      NO_APPROVAL,
    );
    if (approval.status !== 'granted')
      throw new CountersignError('approval_stale', `approval ${approvalId} is ${approval.status}`);
    const continuation = continuationIn(entries, approvalId);
    const { grant, request } = approval;
    if (continuation !== undefined && grant?.revoked !== undefined)
      throw new CountersignError('approval_stale', 'the grant was revoked');
    // What goes on with a call under a grant has its time, too.
    const isOver = [request.expiresAt, ...(continuation && grant ? [grant.until] : [])].every((end) =>
      hasExpired(end, entry.time),
    );
    if (isOver) throw new CountersignError('approval_expired');
    if (continuation !== undefined) await this.claim(continuation);
    else if (callStream(approval.request.callId) !== entry.stream)
      throw new CountersignError('approval_stale', 'the approval belongs to another call');
    else {
      const held = (await this.store.readStream(entry.stream)).map((event) => readEntry(event.entry));
      checkApproved(approval, [...held, ...entries]);
    }
  }

  /**
   * The revision of the continued call elects its one continuation. A crash behind this append leaves the call continued
   * by one that never ran: the caller starts afresh, and nothing runs twice under one approval.
   */
  private async claim(continuation: Continuation): Promise<void> {
    const { callId, requested } = continuation;
    const stream = callStream(requested.continues ?? '');
    const stored = await this.store.readStream(stream);
    const continued = stored.map((event) => readEntry(event.entry));
    // One that nobody can read may say that the call was continued already.
    requireKnown(continued);
    if (checkContinuation(continued, continuation).isClaimed) return;
    const event: CallContinued = { type: 'CallContinued', v: 1, data: { by: callId } };
    const command = buildAppend(
      {
        stream,
        expected: stored.length - 1,
        time: new Date().toISOString(),
        actor: { kind: 'service', service: 'ledger', instance: 'continuations' },
        correlation: continued[0]?.correlation ?? callId,
        causation: callId,
        newId: randomUUID,
      },
      [{ event }],
    );
    await this.storeAppend(command);
  }

  private async storeAppend(command: AppendCommand): Promise<AppendResult> {
    try {
      const result = await this.store.append(command.stream, command.expected, command.events);
      const { stream } = command;
      const id = command.events.at(-1)?.id ?? '';
      this.lastStored = { stream, id, revision: result.revision, position: result.position.toString() };
      return result;
    } catch (error) {
      if (error instanceof WrongRevision) {
        // Somebody else's append won; what is remembered of the stream may be older than that.
        await this.reload(command.stream).catch(() => this.open.forget(command.stream));
        throw new CountersignError('revision_conflict', command.stream);
      }
      if (error instanceof StoreFull) throw new CountersignError('ledger_full');
      if (error instanceof UnknownOutcome) return this.resolveUnknown(command);
      throw new CountersignError('ledger_unavailable', (error as Error).name);
    }
  }

  /** What is in the stream now decides; when even that cannot be read, the asker must treat the append as not made. */
  private async resolveUnknown(command: AppendCommand): Promise<AppendResult> {
    this.open.forget(command.stream);
    let stored: readonly StoredEvent[];
    try {
      stored = await this.store.readStream(command.stream);
    } catch {
      throw new CountersignError('ledger_unavailable', 'outcome of the append is unknown');
    }
    const first = command.expected + 1;
    const ours = command.events.every((event, index) => stored[first + index]?.id === event.id);
    const last = stored[first + command.events.length - 1];
    if (!ours || last === undefined)
      throw new CountersignError('ledger_unavailable', 'the append was not stored');
    return { revision: last.revision, position: last.position };
  }

  private remember(stream: string, state: CallState, revision: number, entries: readonly Entry[]): void {
    const forward = entries.findLast((entry) => entry.type === 'ForwardIntended');
    const data = forward === undefined ? undefined : asEvent<ForwardIntended>(forward).data;
    const known = this.open.get(stream);
    const deadline_ms = data?.deadline_ms ?? known?.deadline_ms ?? 0;
    this.open.set(stream, {
      state,
      revision,
      instance: data?.instance ?? known?.instance ?? '',
      deadline_ms,
      overdue_at: overdueAt(state, entries, deadline_ms) ?? known?.overdue_at ?? Number.POSITIVE_INFINITY,
    });
  }
}

/**
 * Counted from when the call was forwarded, so that a restart of the ledger does not give old calls their time again.
 * While a question of the upstream is open its time stands still; it begins again with the answer. Undefined when the
 * entries say nothing about it.
 */
const overdueAt = (state: CallState, entries: readonly Entry[], deadline_ms: number): number | undefined => {
  if (state.kind === 'forwarding' && state.open.length > 0) return Number.POSITIVE_INFINITY;
  const from = entries.findLast(({ type }) => type === 'ForwardIntended' || type === 'InputAnswered');
  if (from === undefined) return undefined;
  const age_ms = Math.max(0, Date.now() - Date.parse(from.time));
  return performance.now() + Math.max(0, deadline_ms - age_ms) + OVERDUE_GRACE_MS;
};
