import type { ApprovalView } from '../approval-view.js';
import { span } from '../page/moment.js';
import { type Element, execute, field, heading, line, moment, words } from './card-text.js';

type BreakGlass = NonNullable<ApprovalView['breakGlass']>;
type Review = NonNullable<ApprovalView['review']>;

/** What came of an emergency, for everybody; nothing where nobody has broken the glass. */
export const emergencyCard = (
  { breakGlass, how, review }: ApprovalView,
  withReasons: boolean,
): readonly Element[] => {
  const invoked = breakGlass?.invoked ?? [];
  if (invoked.length === 0) return [];
  const isGranted = how === 'break-glass';
  return [
    heading('In an emergency'),
    words(
      isGranted
        ? 'It was granted by break-glass, past the people who approve it.'
        : 'The first of two people has broken the glass.',
      { weight: 'Bolder' },
    ),
    ...invoked.map(({ by, reason }) => line(said(by, withReasons ? reason : ''))),
    ...(review === undefined ? [] : [reviewLine(review, withReasons)]),
  ];
};

const said = (who: string, reason: string): string => (reason === '' ? who : `${who}: “${reason}”`);

const reviewLine = (review: Review, withReasons: boolean): Element => {
  if (review.reviewer === undefined) {
    const due = `${review.status === 'overdue' ? 'was' : 'is'} due ${moment(review.dueAt)}`;
    return line(`Its review ${due}, by one of: ${review.by.join(', ')}`);
  }
  const found = review.status === 'justified' ? 'found it justified' : 'found it not justified';
  return line(said(`${review.reviewer} ${found}`, withReasons ? review.reason : ''));
};

export const isReviewOpen = ({ review }: ApprovalView): boolean =>
  review !== undefined && review.reviewer === undefined;

/** Folded in, so that nobody presses it by mistake. */
export const breakGlassButton = ({ id, digest, breakGlass }: ApprovalView): readonly Element[] =>
  breakGlass === undefined
    ? []
    : [
        {
          type: 'Action.ShowCard',
          title: 'In an emergency',
          card: {
            type: 'AdaptiveCard',
            body: [...termsOf(breakGlass), field('emergency', EMERGENCY)],
            actions: [execute('Break the glass', 'break-glass', { approvalId: id, digest }, 'destructive')],
          },
        },
      ];

const EMERGENCY = 'What is the emergency? (needed, and kept as written: no data of customers)';

const termsOf = ({ roles, review, within_s }: BreakGlass): readonly Element[] => [
  words('Two different people can grant it together, past the people who approve it, one of each of:'),
  ...roles.map((role) => line(role)),
  words(`It raises an alarm, and must be reviewed within ${span(within_s)} by one of:`),
  line(review.join(', ')),
];

export const REVIEW_FIELD = field(
  'reason',
  'What did you find? (needed, and kept as written: no data of customers)',
);

export const reviewButtons = ({ id, digest }: ApprovalView): readonly Element[] => {
  const data = { approvalId: id, digest };
  return [
    execute('Justified', 'justified', data, 'positive'),
    execute('Not justified', 'not_justified', data, 'destructive'),
  ];
};
