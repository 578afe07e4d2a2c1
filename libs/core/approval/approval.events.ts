import type { PayloadCommitment } from '../evidence/entry.js';
import type { Digest } from '../hash.js';
import type { GrantAsked } from './grant.js';
import type { BreakGlass, Requirement } from './requirement.js';

/** `used` and `withdrawn` follow the call; a granted approval that nobody used by its expiry is `expired`. */
export const APPROVAL_STATUSES = ['pending', 'granted', 'denied', 'expired', 'withdrawn', 'used'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** A person at a moment. `samePerson` says who is the same human, whatever the name or group. */
export interface Person {
  readonly principal: string;
  readonly issuer: string;
  readonly subject: string;
  /** What the issuer says is the same for all accounts of one human; absent when it does not say. */
  readonly human?: string;
}

/** The person somebody votes for, and by which delegation. */
export interface OnBehalfOf {
  readonly delegation: string;
  readonly person: Person;
}

/** Payload: sealed {"arguments": masked, "nonce"}. */
export interface ApprovalRequested {
  readonly type: 'ApprovalRequested';
  readonly v: 1;
  readonly data: {
    readonly callId: string;
    readonly digest: Digest;
    readonly attachKey: string;
    readonly requester: Person & { readonly client: string; readonly agent: string };
    readonly server: string;
    readonly tool: string;
    readonly toolDigest: Digest;
    readonly policyDigest: Digest;
    readonly profileDigest: Digest | null;
    readonly requirements: readonly Requirement[];
    /** Whether each human counts for one requirement only. Absent: one may serve several, as it once was. */
    readonly distinct?: boolean;
    /** From then on the time to an escalation counts. Absent: nothing escalates, as it once was. */
    readonly requestedAt?: string;
    /** Seconds after `requestedAt` at which people are reminded, ascending. Absent: never. */
    readonly reminders_s?: readonly number[];
    /** Who may grant it in an emergency, and who looks at that afterwards. Absent: nobody. */
    readonly breakGlass?: BreakGlass;
    readonly rules: readonly { readonly id: string; readonly says: string }[];
    /** What the approval covers beside this call, by policy. Absent: this call only. */
    readonly grant?: GrantAsked;
    readonly expiresAt: string;
  };
  readonly payload: PayloadCommitment;
}

export interface ApprovalVoted {
  readonly type: 'ApprovalVoted';
  readonly v: 1;
  readonly data: {
    readonly vote: 'approve' | 'deny';
    readonly approver: Person;
    /** The roles it counts with: the approver's own when it was given, or those delegated. */
    readonly roles: readonly string[];
    /** Whose roles they are, when not the approver's. */
    readonly onBehalfOf?: OnBehalfOf;
    readonly digest: Digest;
    readonly reason: string;
  };
}

/** Time has passed and more roles may vote; on record when somebody looks, before anything that depends on it. */
export interface ApprovalEscalated {
  readonly type: 'ApprovalEscalated';
  readonly v: 1;
  readonly data: {
    /** Place in the requirements, from 0. */
    readonly requirement: number;
    readonly to: readonly string[];
    readonly since: string;
  };
}

/** It still waits, and those who may vote are told so again; of several that are due only the last is recorded. */
export interface ApprovalReminded {
  readonly type: 'ApprovalReminded';
  readonly v: 1;
  readonly data: {
    /** Place in the reminders of the request, from 1. */
    readonly number: number;
    /** When it was due. */
    readonly since: string;
  };
}

export interface ApprovalGranted {
  readonly type: 'ApprovalGranted';
  readonly v: 1;
  readonly data: {
    readonly digest: Digest;
    /** Further calls may run until then, by the grant of the request. Absent: none may. */
    readonly until?: string;
    /** Absent: by the votes that policy asks for. */
    readonly how?: 'break-glass';
  };
}

/** One of the two humans whom policy lets grant a call in an emergency. The second one's grants it, in the same append. */
export interface BreakGlassInvoked {
  readonly type: 'BreakGlassInvoked';
  readonly v: 1;
  readonly data: {
    readonly by: Person;
    /** Their roles at that moment. */
    readonly roles: readonly string[];
    readonly digest: Digest;
    readonly reason: string;
  };
}

/** In the append that grants by break-glass: somebody of these roles must look at it by then. */
export interface ReviewRequired {
  readonly type: 'ReviewRequired';
  readonly v: 1;
  readonly data: { readonly by: readonly string[]; readonly dueAt: string };
}

/** What a human who was not part of it found afterwards. */
export interface ApprovalReviewed {
  readonly type: 'ApprovalReviewed';
  readonly v: 1;
  readonly data: {
    readonly verdict: 'justified' | 'not_justified';
    readonly reviewer: Person;
    /** Their roles at that moment. */
    readonly roles: readonly string[];
    readonly reason: string;
  };
}

/** Nobody has looked at it in time; it stays due. */
export interface ReviewOverdue {
  readonly type: 'ReviewOverdue';
  readonly v: 1;
  readonly data: { readonly dueAt: string };
}

export interface ApprovalDenied {
  readonly type: 'ApprovalDenied';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

export interface ApprovalExpired {
  readonly type: 'ApprovalExpired';
  readonly v: 1;
  readonly data: { readonly expiresAt: string };
}

export interface ApprovalWithdrawn {
  readonly type: 'ApprovalWithdrawn';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

/**
 * Written by the ledger alone, before it stores the intent of a call that runs under a grant: the revision of this stream
 * elects and counts. A crash behind it loses one use and never adds one.
 */
export interface GrantUsed {
  readonly type: 'GrantUsed';
  readonly v: 1;
  readonly data: {
    readonly callId: string;
    /** 2, 3, ...: the call that asked is the first. */
    readonly use: number;
  };
}

/** No further call runs under the grant. */
export interface GrantRevoked {
  readonly type: 'GrantRevoked';
  readonly v: 1;
  readonly data: { readonly by: Person; readonly reason: string };
}

export type ApprovalEvent =
  | ApprovalRequested
  | ApprovalVoted
  | ApprovalEscalated
  | ApprovalReminded
  | ApprovalGranted
  | BreakGlassInvoked
  | ReviewRequired
  | ApprovalReviewed
  | ReviewOverdue
  | ApprovalDenied
  | ApprovalExpired
  | ApprovalWithdrawn
  | GrantUsed
  | GrantRevoked;

const TYPES: Readonly<Record<ApprovalEvent['type'], true>> = {
  ApprovalRequested: true,
  ApprovalVoted: true,
  ApprovalEscalated: true,
  ApprovalReminded: true,
  ApprovalGranted: true,
  BreakGlassInvoked: true,
  ReviewRequired: true,
  ReviewOverdue: true,
  ApprovalReviewed: true,
  ApprovalDenied: true,
  ApprovalExpired: true,
  ApprovalWithdrawn: true,
  GrantUsed: true,
  GrantRevoked: true,
};

/** For whoever follows approvals: none can be missing. */
export const APPROVAL_EVENT_TYPES = Object.keys(TYPES) as readonly ApprovalEvent['type'][];

export const approvalStream = (approvalId: string): string => `approval-${approvalId}`;
