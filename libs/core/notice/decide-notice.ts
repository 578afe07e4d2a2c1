import type { ApprovalEvent } from '../approval/approval.events.js';
import type { JsonObject } from '../evidence/canonical-json.js';
import type { NoticeEvent, NoticeFailed, NoticeKind, NoticeSent } from './notice.events.js';
import type { NoticeState } from './notice.state.js';

/** What is told of each event of an approval; null for what is nobody's news. */
const KINDS: { readonly [Type in ApprovalEvent['type']]: NoticeKind | null } = {
  ApprovalRequested: 'requested',
  ApprovalVoted: 'voted',
  ApprovalEscalated: 'escalated',
  ApprovalReminded: 'reminder',
  BreakGlassInvoked: 'voted',
  ApprovalGranted: 'resolved',
  ReviewRequired: 'review',
  ReviewOverdue: 'review',
  ApprovalReviewed: 'review',
  ApprovalDenied: 'resolved',
  ApprovalExpired: 'resolved',
  ApprovalWithdrawn: 'resolved',
  GrantUsed: null,
  GrantRevoked: null,
};

export const noticeKindOf = ({ type }: ApprovalEvent): NoticeKind | undefined => KINDS[type] ?? undefined;

/** An event of an approval that may be told. */
export interface Announced {
  /** Of the event in the stream of the approval. */
  readonly revision: number;
  readonly kind: NoticeKind;
  /** When it happened, by the recorded clock. */
  readonly at: string;
  /** Whose votes counted then. */
  readonly roles: readonly string[];
}

/** Kinds that say no more than the next thing said. */
const ONLY_LAST: ReadonlySet<NoticeKind> = new Set(['voted', 'reminder', 'review']);

/** The end of an approval that a channel never told of is no news after this long. */
export const UNTOLD_S_MAX = 3_600;

/** Seconds to the next attempt, the last of them again and again: 48 attempts are about a day. */
const RETRY_S = [2, 10, 60, 300, 900, 1_800] as const;
export const ATTEMPTS_MAX = 48;

/**
 * What a channel must be told next. What has ended is told as that alone: nobody is asked for what needs no answer any more.
 * Of votes, reminders and reviews that wait, only the last is worth telling.
 */
export const nextNotice = (
  announced: readonly Announced[],
  { handled, attempt }: NoticeState,
  takes: (announced: Announced) => boolean,
  now: string,
): Announced | undefined => {
  const ended = announced.findLastIndex(({ kind }) => kind === 'resolved');
  const current = announced.slice(Math.max(0, ended));
  const waiting = current.filter((each) => each.revision > handled && takes(each));
  const [first] = waiting.filter(({ kind }, index) => !ONLY_LAST.has(kind) || index === waiting.length - 1);
  const neverTold = handled < 0 && attempt === undefined;
  const isOld = first !== undefined && Date.parse(first.at) + UNTOLD_S_MAX * 1_000 < Date.parse(now);
  return neverTold && first?.kind === 'resolved' && isOld ? undefined : first;
};

/** When `next` may be sent: at once (undefined), or when the one who is sending, or the wait after a failure, is over. */
export const notBefore = (state: NoticeState, next: Announced | undefined): string | undefined => {
  if (state.until !== undefined) return state.until;
  return state.attempt?.notice === next?.revision ? state.retryAt : undefined;
};

export interface IntendNotice {
  readonly approvalId: string;
  readonly channel: string;
  readonly next: Announced | undefined;
  readonly now: string;
  /** How long nobody else may send. */
  readonly lease_ms: number;
}

/** The right to send, or the end of an attempt that is pointless now. Nothing while somebody else sends, or before its time. */
export const decideIntent = (state: NoticeState, command: IntendNotice): readonly NoticeEvent[] => {
  const { approvalId, channel, next, now, lease_ms } = command;
  const wait = notBefore(state, next);
  if (wait !== undefined && Date.parse(wait) > Date.parse(now)) return [];
  const { attempt } = state;
  if (next === undefined) return attempt === undefined ? [] : [givenUp(channel, attempt, 'approval_ended')];
  const isAgain = attempt?.notice === next.revision;
  if (isAgain && attempt.number >= ATTEMPTS_MAX) return [givenUp(channel, attempt, 'attempts_used_up')];
  const number = isAgain ? attempt.number + 1 : 1;
  const until = new Date(Date.parse(now) + lease_ms).toISOString();
  const { kind, revision: notice } = next;
  return [
    { type: 'NoticeIntended', v: 1, data: { approvalId, channel, notice, kind, attempt: number, until } },
  ];
};

/** One attempt of one channel, as the one who made it knows it. */
export interface Attempted {
  readonly channel: string;
  readonly notice: number;
  readonly attempt: number;
}

/** It has arrived. Nothing when somebody else has taken over since. */
export const decideSent = (
  state: NoticeState,
  attempted: Attempted,
  reference: JsonObject,
): readonly NoticeSent[] =>
  isCurrent(state, attempted) ? [{ type: 'NoticeSent', v: 1, data: { ...attempted, reference } }] : [];

export interface Failure {
  readonly reason: string;
  /** No further attempt can help. */
  readonly final: boolean;
  /** The receiver wants to be left alone for so long; the longest wait of our own is the limit. */
  readonly retryAfter_ms?: number;
  readonly now: string;
}

/** It has not arrived, as far as anybody can tell. */
export const decideFailed = (
  state: NoticeState,
  attempted: Attempted,
  { reason, final, retryAfter_ms = 0, now }: Failure,
): readonly NoticeFailed[] => {
  if (!isCurrent(state, attempted)) return [];
  if (final || attempted.attempt >= ATTEMPTS_MAX)
    return [{ type: 'NoticeFailed', v: 1, data: { ...attempted, reason, final: true } }];
  const longest_ms = (RETRY_S.at(-1) ?? 0) * 1_000;
  const own_ms = (RETRY_S[attempted.attempt - 1] ?? RETRY_S[RETRY_S.length - 1] ?? 0) * 1_000;
  const wait_ms = Math.min(longest_ms, Math.max(own_ms, retryAfter_ms));
  const retryAt = new Date(Date.parse(now) + wait_ms).toISOString();
  return [{ type: 'NoticeFailed', v: 1, data: { ...attempted, reason, final: false, retryAt } }];
};

const isCurrent = ({ attempt, until }: NoticeState, attempted: Attempted): boolean =>
  until !== undefined && attempt?.notice === attempted.notice && attempt.number === attempted.attempt;

const givenUp = (
  channel: string,
  { notice, number }: { readonly notice: number; readonly number: number },
  reason: string,
): NoticeFailed => ({
  type: 'NoticeFailed',
  v: 1,
  data: { channel, notice, attempt: number, reason, final: true },
});
