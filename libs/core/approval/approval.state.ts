import type {
  ApprovalEscalated,
  ApprovalEvent,
  ApprovalRequested,
  ApprovalReviewed,
  ApprovalStatus,
  ApprovalVoted,
  BreakGlassInvoked,
  GrantRevoked,
} from './approval.events.js';
import { escalated } from './escalation.js';
import type { Requirement } from './requirement.js';

export interface GrantState {
  readonly until: string;
  /** Calls that count under it, the one that asked included. */
  readonly used: number;
  readonly revoked?: GrantRevoked['data'];
}

export interface Review {
  readonly by: readonly string[];
  readonly dueAt: string;
  readonly isOverdue: boolean;
  /** Absent while it is open. */
  readonly given?: ApprovalReviewed['data'];
}

export type ApprovalState =
  | { readonly status: 'none' }
  | {
      readonly status: ApprovalStatus;
      readonly request: ApprovalRequested['data'];
      readonly votes: readonly ApprovalVoted['data'][];
      readonly escalations: readonly ApprovalEscalated['data'][];
      /** The last reminder on record; 0 = none. */
      readonly reminded: number;
      /** Who has asked to break the glass. */
      readonly breakers: readonly BreakGlassInvoked['data'][];
      /** Absent: by the votes that policy asks for, or not granted. */
      readonly how?: 'break-glass';
      /** Owed since the glass was broken. */
      readonly review?: Review;
      readonly reason?: string;
      /** Once it is granted with one. */
      readonly grant?: GrantState;
    };

export type KnownApproval = Exclude<ApprovalState, { status: 'none' }>;

/** Whose votes count now. */
export const requirementsNow = ({ request, escalations }: KnownApproval): readonly Requirement[] =>
  escalated(request.requirements, escalations);

export const NO_APPROVAL: ApprovalState = { status: 'none' };

export const evolveApproval = (state: ApprovalState, event: ApprovalEvent): ApprovalState => {
  if (event.type === 'ApprovalRequested') {
    return { status: 'pending', request: event.data, votes: [], escalations: [], reminded: 0, breakers: [] };
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
      return {
        ...state,
        status: 'granted',
        ...(event.data.until !== undefined && { grant: { until: event.data.until, used: 1 } }),
        ...(event.data.how && { how: event.data.how }),
      };
    case 'BreakGlassInvoked':
      return { ...state, breakers: [...state.breakers, event.data] };
    case 'ReviewRequired':
      return { ...state, review: { ...event.data, isOverdue: false } };
    case 'ReviewOverdue':
      return state.review === undefined ? state : { ...state, review: { ...state.review, isOverdue: true } };
    case 'ApprovalReviewed':
      return state.review === undefined
        ? state
        : { ...state, review: { ...state.review, given: event.data } };
    case 'ApprovalDenied':
      return { ...state, status: 'denied', reason: event.data.reason };
    case 'ApprovalExpired':
      return { ...state, status: 'expired' };
    case 'ApprovalWithdrawn':
      return { ...state, status: 'withdrawn', reason: event.data.reason };
    case 'GrantUsed':
      return state.grant === undefined
        ? state
        : { ...state, grant: { ...state.grant, used: event.data.use } };
    case 'GrantRevoked':
      return state.grant === undefined ? state : { ...state, grant: { ...state.grant, revoked: event.data } };
  }
};
