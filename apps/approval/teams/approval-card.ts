import type { ApprovalStatus } from '#core/approval/approval.events.js';
import { requirementText } from '#core/approval/requirement.js';
import { ERRORS, type ErrorCode } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { type Act, countedText } from '../acts.js';
import type { ApprovalView } from '../approval-view.js';
import { type Element, execute, field, heading, line, moment, row, wholeLines, words } from './card-text.js';
import {
  breakGlassButton,
  emergencyCard,
  isReviewOpen,
  REVIEW_FIELD,
  reviewButtons,
} from './emergency-card.js';

const RULES_MAX = 6;
const VOTES_MAX = 8;
const ARGUMENTS_ROOM = { lines_max: 60, characters_max: 4_000 };
const TERMS_ROOM = { lines_max: 20, characters_max: 1_000 };
/** Teams refuses messages of more than 28 KB. */
const CARD_BYTES_MAX = 26 * 1_024;

interface Standing {
  readonly says: string;
  readonly style: string;
}

const STATES: Readonly<Record<ApprovalStatus, Standing>> = {
  pending: { says: 'Waits for approval', style: 'warning' },
  granted: { says: 'Approved, not run yet', style: 'good' },
  used: { says: 'Approved and run', style: 'good' },
  denied: { says: 'Denied', style: 'attention' },
  expired: { says: 'Expired', style: 'emphasis' },
  withdrawn: { says: 'Withdrawn', style: 'emphasis' },
};

/** It must not look like what its approvers have approved. */
const IN_EMERGENCY: Readonly<Partial<Record<ApprovalStatus, Standing>>> = {
  granted: { says: 'Granted in an emergency, not run yet', style: 'attention' },
  used: { says: 'Granted in an emergency and run', style: 'attention' },
};

/**
 * The card that everybody in the conversation sees: what waits, for whom and why. No arguments and no reasons of voters: who may
 * read the channel is not known here. Whoever may see more gets their own card in its place (`refresh`), or asks for it.
 */
export const sharedCard = (item: ApprovalView, url: string | undefined): JsonObject =>
  card(
    item,
    [
      ...whatCard(item),
      ...whyCard(item),
      ...whoCard(item, false),
      ...emergencyCard(item, false),
      ...boundCard(item),
    ],
    [
      ...(item.status === 'pending' ? [execute('Details and vote', 'show', { approvalId: item.id })] : []),
      ...(isReviewOpen(item) ? [execute('Details and review', 'show', { approvalId: item.id })] : []),
      ...openPage(url),
    ],
  );

export interface PersonalCard {
  /** With its masked arguments. */
  readonly item: ApprovalView;
  readonly url: string | undefined;
  /** Why this person cannot vote now; undefined: they can. */
  readonly obstacle: string | undefined;
  /** Whether this person is one of those who can grant it in an emergency now. */
  readonly mayBreakGlass?: boolean;
  /** Whether this person can say afterwards what they found. */
  readonly mayReview?: boolean;
  readonly refusal?: { readonly code: ErrorCode; readonly detail?: string | undefined };
  readonly counted?: Act;
}

/** The card of one person who may see everything, with the buttons if they may vote. */
export const personalCard = (personal: PersonalCard): JsonObject => {
  const whole = personalWith(personal, argumentsOf(personal.item));
  const fits = Buffer.byteLength(JSON.stringify(whole)) <= CARD_BYTES_MAX;
  return fits ? whole : personalWith(personal, undefined);
};

/** @param shownArguments undefined: too long; nobody votes on what they are not shown */
const personalWith = (personal: PersonalCard, shownArguments: readonly Element[] | undefined): JsonObject => {
  const { item, url, obstacle, refusal, counted } = personal;
  const isWhole = shownArguments !== undefined;
  const { fields, buttons } = isWhole ? actsOf(personal) : { fields: [], buttons: [] };
  const isAsked = obstacle === undefined || personal.mayReview === true;
  return card(
    item,
    [
      ...noteOf(item, refusal, counted),
      ...whatCard(item),
      ...grantCard(item),
      heading('Arguments, masked'),
      isWhole ? { type: 'Container', style: 'emphasis', items: [...shownArguments] } : words(TOO_LONG),
      ...whyCard(item),
      ...whoCard(item, true),
      ...emergencyCard(item, true),
      ...boundCard(item),
      ...(isAsked ? [] : [words(obstacle, HINT)]),
      ...fields,
    ],
    [...buttons, ...openPage(url)],
  );
};

const TOO_LONG = 'They are too long for a card. Decide on the approval page.';
const HINT = { isSubtle: true, spacing: 'Medium' };

interface Acts {
  readonly fields: readonly Element[];
  readonly buttons: readonly Element[];
}

/** What this person can do, with the fields for it. */
const actsOf = ({ item, obstacle, mayBreakGlass, mayReview }: PersonalCard): Acts => {
  if (mayReview === true) return { fields: [REVIEW_FIELD], buttons: reviewButtons(item) };
  const data = { approvalId: item.id, digest: item.digest };
  const votes = [
    execute('Approve', 'approve', data, 'positive'),
    execute('Deny', 'deny', data, 'destructive'),
  ];
  const mayVote = obstacle === undefined;
  return {
    fields: mayVote ? [REASON] : [],
    buttons: [...(mayVote ? votes : []), ...(mayBreakGlass === true ? breakGlassButton(item) : [])],
  };
};

const card = (item: ApprovalView, body: readonly Element[], actions: readonly Element[]): JsonObject => ({
  type: 'AdaptiveCard',
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  version: '1.5',
  fallbackText: 'An approval waits. Open it on the approval page.',
  // Without a list of people: everybody's client asks in small conversations, and nobody's in large ones.
  ...((item.status === 'pending' || isReviewOpen(item)) && {
    refresh: { action: execute('Refresh', 'show', { approvalId: item.id }) },
  }),
  body: [stateBar(item), ...body],
  actions: [...actions],
});

const openPage = (url: string | undefined): readonly Element[] =>
  url === undefined ? [] : [{ type: 'Action.OpenUrl', title: 'Open page', url }];

const stateBar = ({ status, how }: ApprovalView): Element => {
  const { says, style } = how === 'break-glass' ? (IN_EMERGENCY[status] ?? STATES[status]) : STATES[status];
  return { type: 'Container', style, bleed: true, items: [words(says, { weight: 'Bolder' })] };
};

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

const whyCard = ({ reasons }: ApprovalView): readonly Element[] => [
  heading('Why it waits'),
  ...reasons.slice(0, RULES_MAX).map(({ id, says }) => line(`${id}: ${says}`)),
  ...more(reasons.length - RULES_MAX),
];

const whoCard = (
  { quorum, distinct, votes, reason, status }: ApprovalView,
  withReasons: boolean,
): readonly Element[] => [
  heading('Who must approve'),
  ...quorum.slice(0, RULES_MAX).map((each) => line(requirementText(each))),
  ...more(quorum.length - RULES_MAX),
  ...(distinct && quorum.length > 1 ? [words('Each person counts for one of these only.', SUBTLE)] : []),
  ...(votes.length === 0 ? [words(status === 'pending' ? 'No votes yet.' : 'No votes.', SUBTLE)] : []),
  ...votes.slice(0, VOTES_MAX).map(({ approver, onBehalfOf, vote, reason: why }) => {
    const who = onBehalfOf === undefined ? approver : `${approver} for ${onBehalfOf}`;
    const did = `${who} ${vote === 'approve' ? 'approved' : 'denied'}`;
    return line(withReasons && why !== '' ? `${did}: “${why}”` : did);
  }),
  ...more(votes.length - VOTES_MAX),
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

const REASON = field('reason', 'Reason (needed to deny; the requester reads it; no data of customers)');

const noteOf = (
  { status }: ApprovalView,
  refusal: PersonalCard['refusal'],
  counted: PersonalCard['counted'],
): readonly Element[] => {
  if (refusal !== undefined) {
    const { says, next } = ERRORS[refusal.code];
    const detail = refusal.detail === undefined ? [] : [line(refusal.detail)];
    return [note('attention', [words(`${says} ${NEXT[refusal.code] ?? next}`), ...detail])];
  }
  if (counted === undefined) return [];
  return [note('good', [words(countedText(counted, status))])];
};

/** Next steps that are others here than over HTTP. */
const NEXT: Readonly<Partial<Record<ErrorCode, string>>> = {
  reason_missing: 'Write why into the field for it.',
  digest_mismatch: 'Read the card again, and decide then.',
  approval_closed: 'Nothing is left to decide.',
};

const note = (style: string, items: readonly Element[]): Element => ({
  type: 'Container',
  style,
  items: [...items],
});
