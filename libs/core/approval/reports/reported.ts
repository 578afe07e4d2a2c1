import type { OnBehalfOf, Person } from '../approval.events.js';

export const DECIDED_AS = ['granted', 'denied', 'expired', 'withdrawn'] as const;

/** How an approval was first decided, whatever came of it later: a grant that nobody used stays a grant here. */
export interface Decided {
  readonly as: (typeof DECIDED_AS)[number];
  /** Recorded clock. */
  readonly at: string;
}

export interface ReportedVote {
  readonly vote: 'approve' | 'deny';
  readonly approver: Person;
  /** For whom a delegate voted. Absent: in person. */
  readonly onBehalfOf?: Pick<OnBehalfOf, 'person'>;
}

/** What reports know of an approval: who, where and when; never arguments. */
export interface Reported {
  readonly id: string;
  readonly requester: Person;
  readonly server: string;
  readonly tool: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  /** Absent while it is pending. */
  readonly decided?: Decided;
  readonly votes: readonly ReportedVote[];
}

/** `from` is within, `to` is not; RFC 3339 in UTC with milliseconds, as everything recorded, so that text compares as time. */
export interface Period {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export const isWithin = (at: string, { from, to }: Period): boolean =>
  (from === undefined || at >= from) && (to === undefined || at < to);
