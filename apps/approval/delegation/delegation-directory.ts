import type { Person } from '#core/approval/approval.events.js';
import { hasExpired } from '#core/approval/decide-approval.js';
import type { DelegationEvent } from '#core/delegation/delegation.events.js';
import { evolveDelegation, type KnownDelegation, NO_DELEGATION } from '#core/delegation/delegation.state.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';
import { Ended, type EndedLimits } from '../ended.js';

export interface ListedDelegation {
  readonly delegationId: string;
  readonly delegation: KnownDelegation;
  readonly revision: number;
  readonly grantedAt: string;
}

/** What delegations are open, and which ended lately, folded from the log. Truth is the log; this can be dropped at any time. */
export class DelegationDirectory {
  private readonly delegations = new Map<string, ListedDelegation>();
  private readonly byDelegate = new Map<string, Set<string>>();
  private readonly open = new Set<string>();
  private readonly ended: Ended;

  constructor(limits: EndedLimits) {
    this.ended = new Ended(limits, (id) => this.forget(id));
  }

  get(delegationId: string): ListedDelegation | undefined {
    return this.delegations.get(delegationId);
  }

  /** The oldest first. */
  all(): readonly ListedDelegation[] {
    return [...this.delegations.values()];
  }

  /** What this account may use now, as far as time and revocation go; what ends first stands first. */
  openTo(delegate: Person, now: string): readonly ListedDelegation[] {
    return [...(this.byDelegate.get(accountOf(delegate)) ?? [])]
      .flatMap((id) => this.delegations.get(id) ?? [])
      .filter(({ delegation }) => isOpen(delegation, now) && hasExpired(delegation.grant.from, now))
      .sort((a, b) => (a.delegation.grant.until < b.delegation.grant.until ? -1 : 1));
  }

  /** Events seen before, ahead of a gap, or of unknown version change nothing. */
  apply(delegationId: string, entry: Entry): void {
    const known = this.delegations.get(delegationId);
    const event = knownEvent<DelegationEvent>(entry);
    if (event === undefined || entry.revision !== (known?.revision ?? -1) + 1) return;
    const delegation = evolveDelegation(known?.delegation ?? NO_DELEGATION, event);
    if (delegation.status === 'none') return;
    const grantedAt = known?.grantedAt ?? entry.time;
    this.delegations.set(delegationId, { delegationId, delegation, revision: entry.revision, grantedAt });
    const account = accountOf(delegation.grant.delegate);
    this.byDelegate.set(account, (this.byDelegate.get(account) ?? new Set()).add(delegationId));
    this.open.add(delegationId);
    if (!isOpen(delegation, new Date().toISOString())) this.end(delegationId);
  }

  /** Those whose time is over have ended, too; what ended long ago is forgotten. */
  tidy(): void {
    const now = new Date().toISOString();
    for (const id of this.open) {
      const listed = this.delegations.get(id);
      if (listed !== undefined && !isOpen(listed.delegation, now)) this.end(id);
    }
    this.ended.tidy();
  }

  private end(delegationId: string): void {
    this.open.delete(delegationId);
    this.ended.add(delegationId);
  }

  private forget(delegationId: string): void {
    const listed = this.delegations.get(delegationId);
    this.delegations.delete(delegationId);
    if (listed === undefined) return;
    const account = accountOf(listed.delegation.grant.delegate);
    this.byDelegate.get(account)?.delete(delegationId);
    if (this.byDelegate.get(account)?.size === 0) this.byDelegate.delete(account);
  }
}

/** Also one that has not begun. */
export const isOpen = ({ status, grant, used }: KnownDelegation, now: string): boolean =>
  status === 'granted' &&
  !hasExpired(grant.until, now) &&
  used.length < (grant.uses ?? Number.POSITIVE_INFINITY);

const accountOf = ({ issuer, subject }: Person): string => JSON.stringify([issuer, subject]);
