import type {
  ApprovalEscalated,
  ApprovalEvent,
  ApprovalRequested,
  ApprovalStatus,
  ApprovalVoted,
} from './approval.events.js';
import { escalated } from './escalation.js';
import type { Requirement } from './requirement.js';

export type ApprovalState =
  | { readonly status: 'none' }
  | {
      readonly status: ApprovalStatus;
      readonly request: ApprovalRequested['data'];
      readonly votes: readonly ApprovalVoted['data'][];
      readonly escalations: readonly ApprovalEscalated['data'][];
      /** The last reminder on record; 0 = none. */
      readonly reminded: number;
      readonly reason?: string;
    };

export type KnownApproval = Exclude<ApprovalState, { status: 'none' }>;

/** Whose votes count now. */
export const requirementsNow = ({ request, escalations }: KnownApproval): readonly Requirement[] =>
  escalated(request.requirements, escalations);

export const NO_APPROVAL: ApprovalState = { status: 'none' };

export const evolveApproval = (state: ApprovalState, event: ApprovalEvent): ApprovalState => {
  if (event.type === 'ApprovalRequested') {
    return { status: 'pending', request: event.data, votes: [], escalations: [], reminded: 0 };
  }
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'ApprovalVoted':
      return { ...state, votes: [...state.votes, event.data] };
    case 'ApprovalEscalated':
      return { ...state, escalations: [...state.escalations, event.data] };
    case 'ApprovalReminded':
      return { ...state, reminded: event.data.number };
    case 'ApprovalGranted':
      return { ...state, status: 'granted' };
    case 'ApprovalDenied':
      return { ...state, status: 'denied', reason: event.data.reason };
    case 'ApprovalExpired':
      return { ...state, status: 'expired' };
    case 'ApprovalWithdrawn':
      return { ...state, status: 'withdrawn', reason: event.data.reason };
  }
};
