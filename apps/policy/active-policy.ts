import { Injectable } from '@nestjs/common';
import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { type IndexedPolicy, indexPolicy } from '#core/policy/index-policy.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';

/**
 * So long a policy holds without word from the log that it is still the active one; many times longer than from one look at
 * the log to the next.
 */
export const UNCONFIRMED_MS_MAX = 5_000;

export interface Active {
  readonly policy: IndexedPolicy;
  readonly digest: Digest;
}

/**
 * The policy by which this process decides. There is none until its text and its activation are in the ledger: otherwise a
 * decision could not be replayed. There is none any more once this process is cut off from the log: people may have
 * activated another one.
 */
@Injectable()
export class ActivePolicy {
  private active: Active | undefined;
  private lacking = 'the policy is not on record yet';
  private confirmedAt = Number.NEGATIVE_INFINITY;

  /** @throws CountersignError policy_unavailable while there is no policy that may decide */
  get(): Active {
    if (this.active === undefined) throw new CountersignError('policy_unavailable', this.lacking);
    if (!this.isConfirmed) throw new CountersignError('policy_unavailable', 'the log cannot be followed');
    return this.active;
  }

  get isConfirmed(): boolean {
    return performance.now() - this.confirmedAt <= UNCONFIRMED_MS_MAX;
  }

  /** The log of that moment, by `performance.now()`, says that it is the active one. */
  confirm(asOf: number): void {
    this.confirmedAt = asOf;
  }

  is(digest: Digest): boolean {
    return this.active?.digest === digest;
  }

  /** From the next decision on; those under way have the one before. */
  switchTo(digest: Digest, bundle: PolicyBundle): void {
    this.active = { policy: indexPolicy(bundle), digest };
  }

  /** Decides nothing any more: what the log says is active cannot be read here. */
  stop(why: string): void {
    this.active = undefined;
    this.lacking = why;
  }
}
