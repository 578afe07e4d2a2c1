import type { Config } from '#config/config.schema.js';
import { isSettled, type Listed, withEvent, withHoldEnd } from '#core/approval/listed.js';
import { timersOf } from '#core/approval/timers.js';
import type { CallHeld, HoldEnded } from '#core/call/call.events.js';
import type { Entry } from '#core/evidence/entry.js';
import { Ended, type EndedLimits } from './ended.js';
import { Changes } from './live/changes.js';
import { OpenGrants } from './open-grants.js';

/** A held call for whose approval nobody has asked yet. */
export interface Unasked {
  readonly callId: string;
  readonly expiresAt: string;
}

export const endedLimits = ({ approvals }: Config): EndedLimits => ({
  ms: approvals.keep_ended_s * 1_000,
  max: approvals.keep_ended_max,
});

/**
 * The approvals of which something can still come, and those that have ended lately, by id and by attach key, folded from the
 * log. Truth is the log; this can be dropped at any time.
 */
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
  private readonly ended: Ended;

  constructor(limits: EndedLimits) {
    this.ended = new Ended(limits, (approvalId) => this.forget(approvalId));
  }

  /** Undefined also for one that ended long ago: `Approvals.find` reads it from the log. */
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

  /** Applies an event of an approval stream; see `withEvent`. */
  applyApproval(approvalId: string, entry: Entry): void {
    const known = this.approvals.get(approvalId);
    const listed = withEvent(known, approvalId, entry);
    if (listed !== undefined && listed !== known) this.keep(listed);
  }

  /** The call waits no more: its approval is used up, or pointless. */
  applyHoldEnd({ approvalId, because }: HoldEnded['data']): void {
    this.notAsked.delete(approvalId);
    const listed = this.approvals.get(approvalId);
    if (listed?.callOpen) this.keep(withHoldEnd(listed, because));
  }

  /** Takes in what was read from the log; what is known already, or is newer here, stays. */
  admit(listed: Listed): void {
    const known = this.approvals.get(listed.approvalId);
    if (known === undefined || known.revision < listed.revision) this.keep(listed);
  }

  /** An event of it stands in the log at this position; those who watch are told. */
  noteChange(approvalId: string, position: bigint): void {
    this.changes.note(approvalId, position, this.approvals.has(approvalId));
  }

  /** Grants whose time is over have ended, too; what ended long ago is forgotten. */
  tidy(): void {
    const now = new Date().toISOString();
    for (const approvalId of this.grants.removeOver(now)) {
      const listed = this.approvals.get(approvalId);
      if (listed !== undefined) this.sort(listed);
    }
    this.ended.tidy();
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
    this.notAsked.delete(approvalId);
    this.grants.note(listed);
    // The newest has the key: news of an older one for the identical call must not hide it.
    if (isNew) this.byAttachKey.set(attachKey, approvalId);
    const isOver = !callOpen || hasEnded(listed);
    if (isOver && this.byAttachKey.get(attachKey) === approvalId) this.byAttachKey.delete(attachKey);
    for (const wake of [...(this.waiters.get(approvalId) ?? [])]) wake();
    this.sort(listed);
  }

  private sort(listed: Listed): void {
    const { approvalId, approval, callOpen } = listed;
    if (timersOf(approvalId, approval).length > 0) this.alive.add(approvalId);
    else this.alive.delete(approvalId);
    if (callOpen && hasEnded(listed)) this.notClosed.add(approvalId);
    else this.notClosed.delete(approvalId);
    if (isSettled(listed, new Date().toISOString())) this.ended.add(approvalId);
  }

  private forget(approvalId: string): void {
    this.approvals.delete(approvalId);
    this.changes.forget(approvalId);
  }
}

const hasEnded = ({ approval: { status } }: Listed): boolean => status !== 'pending' && status !== 'granted';
