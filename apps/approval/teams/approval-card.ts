import type { ApprovalStatus } from '#core/approval/approval.events.js';
import { requirementText } from '#core/approval/requirement.js';
import { ERRORS, type ErrorCode } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { ApprovalView } from '../approval-view.js';
import { type Element, heading, line, row, wholeLines, words } from './card-text.js';

const RULES_MAX = 6;
const VOTES_MAX = 8;
const ARGUMENTS_ROOM = { lines_max: 60, characters_max: 4_000 };
const TERMS_ROOM = { lines_max: 20, characters_max: 1_000 };
/** Teams refuses messages of more than 28 KB. */
const CARD_BYTES_MAX = 26 * 1_024;
const REASON_MAX = 2_000;

const STATES: Readonly<Record<ApprovalStatus, { readonly says: string; readonly style: string }>> = {
  pending: { says: 'Waits for approval', style: 'warning' },
  granted: { says: 'Approved, not run yet', style: 'good' },
  used: { says: 'Approved and run', style: 'good' },
  denied: { says: 'Denied', style: 'attention' },
  expired: { says: 'Expired', style: 'emphasis' },
  withdrawn: { says: 'Withdrawn', style: 'emphasis' },
};

/**
 * The card that everybody in the conversation sees: what waits, for whom and why. No arguments and no reasons of voters: who may
 * read the channel is not known here. Whoever may see more gets their own card in its place (`refresh`), or asks for it.
 */
export const sharedCard = (item: ApprovalView, url: string | undefined): JsonObject =>
  card(
    item,
    [...whatCard(item), ...whyCard(item), ...whoCard(item, false), ...boundCard(item)],
    [
      ...(item.status === 'pending' ? [execute('Details and vote', 'show', { approvalId: item.id })] : []),
      ...openPage(url),
    ],
  );

export interface PersonalCard {
  /** With its masked arguments. */
  readonly item: ApprovalView;
  readonly url: string | undefined;
  /** Why this person cannot vote now; undefined: they can. */
  readonly obstacle: string | undefined;
  readonly refusal?: { readonly code: ErrorCode; readonly detail?: string | undefined };
  readonly counted?: 'approve' | 'deny';
}

/** The card of one person who may see everything, with the buttons if they may vote. */
export const personalCard = (personal: PersonalCard): JsonObject => {
  const whole = personalWith(personal, argumentsOf(personal.item));
  const fits = Buffer.byteLength(JSON.stringify(whole)) <= CARD_BYTES_MAX;
  return fits ? whole : personalWith(personal, undefined);
};

/** @param shownArguments undefined: too long; nobody votes on what they are not shown */
const personalWith = (
  { item, url, obstacle, refusal, counted }: PersonalCard,
  shownArguments: readonly Element[] | undefined,
): JsonObject => {
  const tooLong = 'They are too long for a card. Decide on the approval page.';
  const mayVote = obstacle === undefined && shownArguments !== undefined;
  const data = { approvalId: item.id, digest: item.digest };
  return card(
    item,
    [
      ...noteOf(refusal, counted),
      ...whatCard(item),
      ...grantCard(item),
      heading('Arguments, masked'),
      shownArguments === undefined
        ? words(tooLong)
        : { type: 'Container', style: 'emphasis', items: [...shownArguments] },
      ...whyCard(item),
      ...whoCard(item, true),
      ...boundCard(item),
      ...(obstacle === undefined ? [] : [words(obstacle, { isSubtle: true, spacing: 'Medium' })]),
      ...(mayVote ? [REASON] : []),
    ],
    [
      ...(mayVote
        ? [execute('Approve', 'approve', data, 'positive'), execute('Deny', 'deny', data, 'destructive')]
        : []),
      ...openPage(url),
    ],
  );
};

const card = (item: ApprovalView, body: readonly Element[], actions: readonly Element[]): JsonObject => ({
  type: 'AdaptiveCard',
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  version: '1.5',
  fallbackText: 'An approval waits. Open it on the approval page.',
  // Without a list of people: everybody's client asks in small conversations, and nobody's in large ones.
  ...(item.status === 'pending' && {
    refresh: { action: execute('Refresh', 'show', { approvalId: item.id }) },
  }),
  body: [stateBar(item.status), ...body],
  actions: [...actions],
});

const execute = (title: string, verb: string, data: JsonObject, style?: string): Element => ({
  type: 'Action.Execute',
  title,
  verb,
  data,
  ...(style !== undefined && { style }),
});

const openPage = (url: string | undefined): readonly Element[] =>
  url === undefined ? [] : [{ type: 'Action.OpenUrl', title: 'Open page', url }];

const stateBar = (status: ApprovalStatus): Element => ({
  type: 'Container',
  style: STATES[status].style,
  bleed: true,
  items: [words(STATES[status].says, { weight: 'Bolder' })],
});

const whatCard = ({ requester, server, tool }: ApprovalView): readonly Element[] => [
  line(`${server} / ${tool}`, { weight: 'Bolder', size: 'Large' }, 'Medium'),
  row('Who', requester.principal),
  ...(requester.agent === '' ? [] : [row('Agent', requester.agent)]),
  row('Client', requester.client),
];

/** Undefined when they, or the terms of the grant, cannot be shown whole: both are part of the decision. */
const argumentsOf = (item: ApprovalView): readonly Element[] | undefined =>
  termsOf(item) === undefined
    ? undefined
    : wholeLines(JSON.stringify(item.arguments, null, 2) ?? 'none', ARGUMENTS_ROOM);

const termsOf = ({ grant }: ApprovalView): readonly Element[] | undefined => {
  if (grant === undefined) return [];
  const { same, limits } = grant;
  const terms = [...same.map((path) => `the same ${path} as here`), ...limits];
  return wholeLines(terms.length === 0 ? 'any arguments' : terms.join('\n'), TERMS_ROOM);
};

/** An approval that covers more than one call must not look like one that does not. */
const grantCard = (item: ApprovalView): readonly Element[] => {
  const { grant } = item;
  if (grant === undefined) return [];
  const { uses, for_s, used, until, revoked } = grant;
  const reach = `Up to ${uses} calls of this tool by the same person and agent, this one included`;
  return [
    heading('It covers more than this call'),
    words(`${reach}, within ${for_s / 60} minutes of the approval, without asking again, with:`),
    ...(termsOf(item) ?? [words('limits that are too long for a card; see the approval page.')]),
    ...(until === undefined ? [] : [line(`${used} of ${uses} used; ends ${moment(until)}`)]),
    ...(revoked === undefined ? [] : [line(`Revoked by ${revoked.by}`)]),
  ];
};

const moment = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

const whyCard = ({ reasons }: ApprovalView): readonly Element[] => [
  heading('Why it waits'),
  ...reasons.slice(0, RULES_MAX).map(({ id, says }) => line(`${id}: ${says}`)),
  ...more(reasons.length - RULES_MAX),
];

const whoCard = (
  { quorum, distinct, votes, reason, status, how }: ApprovalView,
  withReasons: boolean,
): readonly Element[] => [
  heading('Who must approve'),
  ...quorum.slice(0, RULES_MAX).map((each) => line(requirementText(each))),
  ...more(quorum.length - RULES_MAX),
  ...(distinct && quorum.length > 1 ? [words('Each person counts for one of these only.', SUBTLE)] : []),
  ...(votes.length === 0 ? [words('No votes yet.', SUBTLE)] : []),
  ...votes.slice(0, VOTES_MAX).map(({ approver, onBehalfOf, vote, reason: why }) => {
    const who = onBehalfOf === undefined ? approver : `${approver} for ${onBehalfOf}`;
    const did = `${who} ${vote === 'approve' ? 'approved' : 'denied'}`;
    return line(withReasons && why !== '' ? `${did}: “${why}”` : did);
  }),
  ...more(votes.length - VOTES_MAX),
  ...(how === 'break-glass' ? [words('Granted by break-glass.', { weight: 'Bolder' })] : []),
  ...(withReasons && reason !== undefined && status !== 'denied' ? [line(reason)] : []),
];

const SUBTLE = { isSubtle: true, spacing: 'Small' };

const more = (left_out: number): readonly Element[] =>
  left_out > 0 ? [words(`and ${left_out} more`, SUBTLE)] : [];

const boundCard = ({ expiresAt, digest }: ApprovalView): readonly Element[] => [
  heading('What is bound'),
  row('Expires', moment(expiresAt)),
  row('Digest', digest, { fontType: 'Monospace', size: 'Small' }),
];

const REASON: Element = {
  type: 'Input.Text',
  id: 'reason',
  label: 'Reason (needed to deny; the requester reads it; no data of customers)',
  isMultiline: true,
  maxLength: REASON_MAX,
  spacing: 'Medium',
};

const noteOf = (refusal: PersonalCard['refusal'], counted: PersonalCard['counted']): readonly Element[] => {
  if (refusal !== undefined) {
    const { says, next } = ERRORS[refusal.code];
    const detail = refusal.detail === undefined ? [] : [line(refusal.detail)];
    return [note('attention', [words(`${says} ${NEXT[refusal.code] ?? next}`), ...detail])];
  }
  if (counted === undefined) return [];
  return [note('good', [words(counted === 'approve' ? 'Your approval counts.' : 'You have denied it.')])];
};

/** Next steps that are others here than over HTTP. */
const NEXT: Readonly<Partial<Record<ErrorCode, string>>> = {
  reason_missing: 'Write why into the field “Reason”.',
  digest_mismatch: 'Read the card again, and decide then.',
  approval_closed: 'Nothing is left to decide.',
};

const note = (style: string, items: readonly Element[]): Element => ({
  type: 'Container',
  style,
  items: [...items],
});
