import type { ApprovalReminded, ApprovalRequested } from './approval.events.js';

/** When people are reminded of a request that still waits; instants are RFC 3339 in UTC. */
export const remindersOf = (request: ApprovalRequested['data']): readonly ApprovalReminded['data'][] => {
  const { requestedAt, reminders_s = [] } = request;
  if (requestedAt === undefined) return [];
  return reminders_s.map((after_s, index) => ({
    number: index + 1,
    since: new Date(Date.parse(requestedAt) + after_s * 1_000).toISOString(),
  }));
};

/** Those of the configured reminders that come before the request expires. Undefined when none does. */
export const remindersWithin = (
  reminders_s: readonly number[],
  { requestedAt, expiresAt }: { readonly requestedAt?: string | undefined; readonly expiresAt: string },
): readonly number[] | undefined => {
  if (requestedAt === undefined) return undefined;
  const rest_ms = Date.parse(expiresAt) - Date.parse(requestedAt);
  const within = reminders_s.filter((after_s) => after_s * 1_000 < rest_ms);
  return within.length === 0 ? undefined : within;
};
