import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { hasExpired } from '#core/approval/decide-approval.js';
import { callStream, type ForwardIntended } from '#core/call/call.events.js';
import { type CallState, NO_CALL } from '#core/call/evolve-call.js';
import { CountersignError } from '#core/errors.js';
import type { AppendCommand } from '#core/evidence/build-append.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import {
  type AppendResult,
  type EventStore,
  type StoredEvent,
  StoreFull,
  UnknownOutcome,
  WrongRevision,
} from '#event-store/event-store.js';
import { advanceCall, checkEntries } from './check-append.js';
import { OpenCalls } from './open-calls.js';

/** How long after its own deadline a forwarded call of a living ingress may still be open. */
const OVERDUE_GRACE_MS = 5_000;

/** The only writer of the event store. Checks every append against the rules of its stream before it is stored. */
export class Ledger {
  readonly open = new OpenCalls();

  constructor(readonly store: EventStore) {}

  /**
   * Durable once this returns.
   * @throws CountersignError revision_conflict, body_invalid, ledger_full, ledger_unavailable
   */
  async append(command: AppendCommand): Promise<AppendResult> {
    const entries = checkEntries(command);
    const before = command.stream.startsWith('call-') ? await this.callState(command) : undefined;
    const after = before === undefined ? undefined : advanceCall(before, entries);
    const forward = entries.find((entry) => entry.type === 'ForwardIntended');
    if (forward !== undefined) await this.checkApproval(forward);
    const result = await this.storeAppend(command);
    if (after !== undefined) this.remember(command.stream, after, result.revision, forward);
    return result;
  }

  /** Rebuilds the state of a call from its stream; used after a restart and after an unknown outcome. */
  async reload(stream: string): Promise<void> {
    const events = await this.store.readStream(stream);
    if (events.length === 0) return this.open.forget(stream);
    const entries = events.map((event) => readEntry(event.entry));
    const forward = entries.findLast((entry) => entry.type === 'ForwardIntended');
    this.remember(stream, advanceCall(NO_CALL, entries), events.length - 1, forward);
  }

  private async callState({ stream, expected }: AppendCommand): Promise<CallState> {
    if (expected === -1) return NO_CALL;
    if (this.open.get(stream)?.revision !== expected) await this.reload(stream);
    const known = this.open.get(stream);
    if (known === undefined || known.revision !== expected)
      throw new CountersignError('revision_conflict', stream);
    return known.state;
  }

  /** A forward that names an approval needs that approval granted, unexpired and for this very call, at this moment. */
  private async checkApproval(entry: Entry): Promise<void> {
    const { approvalId } = asEvent<ForwardIntended>(entry).data;
    if (approvalId === null) return;
    const events = await this.store.readStream(approvalStream(approvalId));
    const approval = events.reduce<ApprovalState>(
      (state, event) => evolveApproval(state, asEvent<ApprovalEvent>(readEntry(event.entry))),
      NO_APPROVAL,
    );
    if (approval.status !== 'granted')
      throw new CountersignError('approval_stale', `approval ${approvalId} is ${approval.status}`);
    if (callStream(approval.request.callId) !== entry.stream)
      throw new CountersignError('approval_stale', 'the approval belongs to another call');
    if (hasExpired(approval.request.expiresAt, entry.time)) throw new CountersignError('approval_expired');
  }

  private async storeAppend(command: AppendCommand): Promise<AppendResult> {
    try {
      return await this.store.append(command.stream, command.expected, command.events);
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

  private remember(stream: string, state: CallState, revision: number, forward: Entry | undefined): void {
    const data = forward === undefined ? undefined : asEvent<ForwardIntended>(forward).data;
    const known = this.open.get(stream);
    this.open.set(stream, {
      state,
      revision,
      instance: data?.instance ?? known?.instance ?? '',
      overdue_at:
        forward === undefined ? (known?.overdue_at ?? Number.POSITIVE_INFINITY) : overdueAt(forward),
    });
  }
}

/** Counted from when the call was forwarded, so that a restart of the ledger does not give old calls their time again. */
const overdueAt = (forward: Entry): number => {
  const { deadline_ms } = asEvent<ForwardIntended>(forward).data;
  const age_ms = Math.max(0, Date.now() - Date.parse(forward.time));
  return performance.now() + Math.max(0, deadline_ms - age_ms) + OVERDUE_GRACE_MS;
};
