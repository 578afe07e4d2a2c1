import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';

/** A call that is on record as held, and its approval. */
export interface HeldCall {
  readonly callId: string;
  readonly approvalId: string;
  readonly digest: Digest;
  readonly expiresAt: string;
}

/** How the caller goes on: with a task, by coming back with a state of this round, or by the identical call.
 * `after`: the revision by which this request waited, so that its state counts once. */
export type Offer =
  | { readonly way: 'task' }
  | { readonly way: 'round'; readonly round: number; readonly after: number }
  | { readonly way: 'again' };

/** The approval answer when the caller must come back later; carries what the agent needs to know. */
export class ApprovalPending extends CountersignError {
  constructor(
    readonly held: HeldCall,
    readonly offer: Offer,
  ) {
    super('approval_pending', `approval ${held.approvalId}`);
  }
}
