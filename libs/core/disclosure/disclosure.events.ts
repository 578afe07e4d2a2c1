import type { Person } from '../approval/approval.events.js';
import type { CountedVote } from '../approval/decide-approval.js';
import type { Requirement } from '../approval/requirement.js';
import type { Digest } from '../hash.js';

/** An examiner asks to see what an upstream really answered: the sealed original behind a masked result. */
export interface DisclosureRequested {
  readonly type: 'DisclosureRequested';
  readonly v: 1;
  readonly data: {
    readonly callId: string;
    /** The entry whose payload is asked for, and what that entry commits to. */
    readonly eventId: string;
    readonly commit: Digest;
    /** SHA-256 of all that the approval binds: everything else in this event (RFC 8785). */
    readonly digest: Digest;
    readonly requester: Person & { readonly client: string };
    readonly reason: string;
    readonly requirements: readonly Requirement[];
    /** No vote counts from then on. */
    readonly expiresAt: string;
    /** How long after the grant it may be opened. */
    readonly box_ms: number;
  };
}

export interface DisclosureVoted {
  readonly type: 'DisclosureVoted';
  readonly v: 1;
  readonly data: CountedVote;
}

export interface DisclosureGranted {
  readonly type: 'DisclosureGranted';
  readonly v: 1;
  readonly data: { readonly digest: Digest; readonly until: string };
}

export interface DisclosureDenied {
  readonly type: 'DisclosureDenied';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

/** On record before a byte is shown; once for each time. */
export interface DisclosureOpened {
  readonly type: 'DisclosureOpened';
  readonly v: 1;
  readonly data: { readonly by: Person; readonly commit: Digest };
}

export type DisclosureEvent =
  | DisclosureRequested
  | DisclosureVoted
  | DisclosureGranted
  | DisclosureDenied
  | DisclosureOpened;

export const disclosureStream = (disclosureId: string): string => `disclosure-${disclosureId}`;
