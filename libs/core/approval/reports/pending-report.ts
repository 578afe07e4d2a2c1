import { hasExpired } from '../decide-approval.js';
import { isWithin, type Period, type Reported } from './reported.js';

/** Upper ends of the ages that are counted together, in seconds; what is older stands last. */
const AGES_S = [300, 3_600, 14_400, 86_400] as const;

export interface PendingReport {
  readonly asOf: string;
  readonly total: number;
  /** `under_s: null`: of any age above. */
  readonly ages: readonly { readonly under_s: number | null; readonly count: number }[];
  /** Oldest first. */
  readonly items: readonly PendingItem[];
  /** How many more there are than fit. */
  readonly left_out: number;
}

export interface PendingItem {
  readonly id: string;
  readonly requester: string;
  readonly server: string;
  readonly tool: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly age_s: number;
  readonly votes: number;
}

export interface PendingQuery extends Period {
  readonly now: string;
  readonly items_max: number;
}

/** What waits for people, by how long it has waited; what was asked for in the period and can still be approved. */
export const pendingReport = (
  all: readonly Reported[],
  { now, items_max, ...period }: PendingQuery,
): PendingReport => {
  const pending = all
    .filter(
      ({ decided, requestedAt, expiresAt }) =>
        decided === undefined && !hasExpired(expiresAt, now) && isWithin(requestedAt, period),
    )
    .map((reported) => itemOf(reported, now))
    .sort((a, b) => (a.requestedAt < b.requestedAt ? -1 : a.requestedAt > b.requestedAt ? 1 : 0));
  const ends = [...AGES_S, null];
  return {
    asOf: now,
    total: pending.length,
    ages: ends.map((under_s, at) => ({
      under_s,
      count: pending.filter(
        ({ age_s }) => age_s >= (ends[at - 1] ?? 0) && (under_s === null || age_s < under_s),
      ).length,
    })),
    items: pending.slice(0, items_max),
    left_out: Math.max(0, pending.length - items_max),
  };
};

const itemOf = (reported: Reported, now: string): PendingItem => {
  const { id, requester, server, tool, requestedAt, expiresAt, votes } = reported;
  // Clocks of two machines differ: nothing is younger than nothing.
  const age_s = Math.max(0, Math.floor((Date.parse(now) - Date.parse(requestedAt)) / 1_000));
  return {
    id,
    requester: requester.principal,
    server,
    tool,
    requestedAt,
    expiresAt,
    age_s,
    votes: votes.length,
  };
};
