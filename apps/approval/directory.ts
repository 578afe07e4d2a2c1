import type { ApprovalEvent, ApprovalStatus } from '#core/approval/approval.events.js';
import { evolveApproval, type KnownApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import type { Decided } from '#core/approval/reports/reported.js';
import { timersOf } from '#core/approval/timers.js';
import type { CallHeld, HoldEnded } from '#core/call/call.events.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';
import { Changes } from './live/changes.js';
import { OpenGrants } from './open-grants.js';

export interface Listed {
  readonly approvalId: string;
  readonly approval: KnownApproval;
  readonly revision: number;
  readonly requestedAt: string;
  /** Of what the approver is shown; it stays, sealed, in the log. */
  readonly shownCommit: `sha256:${string}`;
  /** False once the hold has ended: the call was forwarded, refused or cancelled. */
  readonly callOpen: boolean;
  /** Absent while it is pending. */
  readonly decided?: Decided;
}

const DECIDES: Readonly<Partial<Record<ApprovalEvent['type'], Decided['as']>>> = {
  ApprovalGranted: 'granted',
  ApprovalDenied: 'denied',
  ApprovalExpired: 'expired',
  ApprovalWithdrawn: 'withdrawn',
};

/** A held call for whose approval nobody has asked yet. */
export interface Unasked {
  readonly callId: string;
  readonly expiresAt: string;
}

/** All approvals by id and by attach key, folded from the log. Truth is the log; this can be dropped at any time. */
export class Directory {
  /** Where in the log each changed last, for those who watch. */
  readonly changes = new Changes();
  readonly grants = new OpenGrants();
  private readonly approvals = new Map<string, Listed>();
  private readonly byAttachKey = new Map<string, string>();
  private readonly alive = new Set<string>();
  private readonly notClosed = new Set<string>();
  private readonly notAsked = new Map<string, Unasked>();
  private readonly waiters = new Map<string, Set<() => void>>();

  get(approvalId: string): Listed | undefined {
    return this.approvals.get(approvalId);
  }

  all(): readonly Listed[] {
    return [...this.approvals.values()];
  }

  /** Those that time can still change. */
  live(): readonly Listed[] {
    return [...this.alive].flatMap((approvalId) => this.approvals.get(approvalId) ?? []);
  }

  /** Those that have ended while their call is held: whoever ended them did not come to close it. */
  unclosed(): readonly Listed[] {
    return [...this.notClosed].flatMap((approvalId) => this.approvals.get(approvalId) ?? []);
  }

  /** A call is held: its approval is asked for in the moment after, unless its ingress stops in between. */
  applyHeld(callId: string, { approvalId, expiresAt }: CallHeld['data']): void {
    if (!this.approvals.has(approvalId)) this.notAsked.set(approvalId, { callId, expiresAt });
  }

  unasked(): ReadonlyMap<string, Unasked> {
    return this.notAsked;
  }

  /** The approval of an identical call that is still pending, or granted and not yet used. */
  findOpen(attachKey: string, now: string): Listed | undefined {
    const listed = this.approvals.get(this.byAttachKey.get(attachKey) ?? '');
    if (listed === undefined || !listed.callOpen) return undefined;
    const { status, request } = listed.approval;
    return (status === 'pending' || status === 'granted') && request.expiresAt > now ? listed : undefined;
  }

  /**
   * Applies an event of an approval stream. Events seen before, or ahead of a gap, change nothing. One of unknown version
   * is such a gap: the approval stays as it was known, and nobody can vote on it or forward under it.
   */
  applyApproval(approvalId: string, entry: Entry): void {
    const known = this.approvals.get(approvalId);
    if (entry.revision !== (known?.revision ?? -1) + 1) return;
    const event = knownEvent<ApprovalEvent>(entry);
    if (event === undefined) return;
    const approval = evolveApproval(known?.approval ?? NO_APPROVAL, event);
    if (approval.status === 'none') return;
    const listed: Listed =
      known === undefined
        ? {
            approvalId,
            approval,
            revision: entry.revision,
            requestedAt: entry.time,
            shownCommit: entry.payload?.commit ?? 'sha256:',
            callOpen: true,
          }
        : { ...known, approval, revision: entry.revision };
    const as = DECIDES[event.type];
    this.keep(
      as === undefined || listed.decided !== undefined
        ? listed
        : { ...listed, decided: { as, at: entry.time } },
    );
  }

  /** The call waits no more: its approval is used up, or pointless. */
  applyHoldEnd({ approvalId, because }: HoldEnded['data']): void {
    this.notAsked.delete(approvalId);
    const listed = this.approvals.get(approvalId);
    if (listed === undefined || !listed.callOpen) return;
    const status: ApprovalStatus = because === 'granted' ? 'used' : listed.approval.status;
    this.keep({ ...listed, callOpen: false, approval: { ...listed.approval, status } });
  }

  /** Resolves when the approval changes, or after `wait_ms`. */
  async change(approvalId: string, wait_ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const waiters = this.waiters.get(approvalId) ?? new Set();
      this.waiters.set(approvalId, waiters);
      const done = (): void => {
        clearTimeout(timer);
        waiters.delete(done);
        if (waiters.size === 0) this.waiters.delete(approvalId);
        resolve();
      };
      const timer = setTimeout(done, wait_ms);
      waiters.add(done);
    });
  }

  private keep(listed: Listed): void {
    const { approvalId, approval, callOpen } = listed;
    const { attachKey } = approval.request;
    const isNew = !this.approvals.has(approvalId);
    this.approvals.set(approvalId, listed);
    if (timersOf(approvalId, approval).length > 0) this.alive.add(approvalId);
    else this.alive.delete(approvalId);
    const hasEnded = approval.status !== 'pending' && approval.status !== 'granted';
    if (callOpen && hasEnded) this.notClosed.add(approvalId);
    else this.notClosed.delete(approvalId);
    this.notAsked.delete(approvalId);
    this.grants.note(listed);
    // The newest has the key: news of an older one for the identical call must not hide it.
    if (isNew) this.byAttachKey.set(attachKey, approvalId);
    const isOver = !callOpen || hasEnded;
    if (isOver && this.byAttachKey.get(attachKey) === approvalId) this.byAttachKey.delete(attachKey);
    for (const wake of [...(this.waiters.get(listed.approvalId) ?? [])]) wake();
  }
}
