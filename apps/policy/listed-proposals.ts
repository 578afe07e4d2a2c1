import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';
import { type ProposalEvent, proposalOfStream } from '#core/policy/proposal/proposal.events.js';
import { evolveProposal, type KnownProposal, NO_PROPOSAL } from '#core/policy/proposal/proposal.state.js';

/** Older ones that have ended are still read by their id. */
export const LISTED_MAX = 1_000;

export interface ListedProposal {
  readonly id: string;
  readonly proposedAt: string;
  /** Of the last event that is folded in. */
  readonly revision: number;
  readonly state: KnownProposal;
}

/** Proposals as far as they have been followed: everything that is open, and what has ended last. */
export class ListedProposals {
  private readonly listed = new Map<string, ListedProposal>();

  newestFirst(): readonly ListedProposal[] {
    return [...this.listed.values()].reverse();
  }

  /** Events seen before, and of releases to come, change nothing. */
  take(stream: string, entry: Entry): void {
    const id = proposalOfStream(stream);
    const event = knownEvent<ProposalEvent>(entry);
    if (id === undefined || event === undefined) return;
    const known = this.listed.get(id);
    if (known !== undefined && entry.revision <= known.revision) return;
    const state = evolveProposal(known?.state ?? NO_PROPOSAL, event);
    if (state.status === 'none') return;
    const proposedAt = known?.proposedAt ?? entry.time;
    this.listed.set(id, { id, proposedAt, revision: entry.revision, state });
    if (this.listed.size > LISTED_MAX) this.forgetOldestEnded();
  }

  private forgetOldestEnded(): void {
    for (const [id, { state }] of this.listed) {
      // An approved one may have to be activated yet.
      if (state.status === 'pending' || state.status === 'approved') continue;
      this.listed.delete(id);
      return;
    }
  }
}
