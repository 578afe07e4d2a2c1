import type { CountedVote } from '../../approval/decide-approval.js';
import type { PolicyProposed, ProposalEvent } from './proposal.events.js';

export const PROPOSAL_STATUSES = [
  'pending',
  'approved',
  'denied',
  'withdrawn',
  'expired',
  'superseded',
] as const;
export type ProposalStatus = (typeof PROPOSAL_STATUSES)[number];

export type ProposalState =
  | { readonly status: 'none' }
  | {
      readonly status: ProposalStatus;
      readonly request: PolicyProposed['data'];
      readonly votes: readonly CountedVote[];
      readonly reason?: string;
    };
export type KnownProposal = Exclude<ProposalState, { status: 'none' }>;

export const NO_PROPOSAL: ProposalState = { status: 'none' };

export const evolveProposal = (state: ProposalState, event: ProposalEvent): ProposalState => {
  if (event.type === 'PolicyProposed') return { status: 'pending', request: event.data, votes: [] };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'PolicyProposalVoted':
      return { ...state, votes: [...state.votes, event.data] };
    case 'PolicyProposalApproved':
      return { ...state, status: 'approved' };
    case 'PolicyProposalDenied':
      return { ...state, status: 'denied', reason: event.data.reason };
    case 'PolicyProposalWithdrawn':
      return { ...state, status: 'withdrawn', reason: event.data.reason };
    case 'PolicyProposalExpired':
      return { ...state, status: 'expired' };
    case 'PolicyProposalSuperseded':
      return { ...state, status: 'superseded' };
  }
};
