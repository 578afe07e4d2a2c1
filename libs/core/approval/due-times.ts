import type { KnownApproval } from './approval.state.js';
import { openReview } from './break-glass.js';
import { escalationsOf } from './escalation.js';
import { remindersOf } from './reminder.js';

/** An instant, besides the expiry, at which somebody must look at an approval. `key` names it within the approval. */
export interface DueTime {
  readonly key: string;
  readonly at: string;
}

/** What time will change and is not on record yet. */
export const dueTimes = (approval: KnownApproval): readonly DueTime[] =>
  approval.status === 'pending'
    ? [...escalationsDue(approval), ...remindersDue(approval)]
    : reviewDue(approval);

export const REVIEW_KEY = 'review';

const escalationsDue = ({ request, escalations }: KnownApproval): readonly DueTime[] =>
  escalationsOf(request)
    .filter(({ requirement }) => !escalations.some((known) => known.requirement === requirement))
    .map(({ requirement, since }) => ({ key: String(requirement), at: since }));

const remindersDue = ({ request, reminded }: KnownApproval): readonly DueTime[] =>
  remindersOf(request)
    .filter(({ number }) => number > reminded)
    .map(({ number, since }) => ({ key: `r${number}`, at: since }));

const reviewDue = (approval: KnownApproval): readonly DueTime[] => {
  const review = openReview(approval);
  return review === undefined || review.isOverdue ? [] : [{ key: REVIEW_KEY, at: review.dueAt }];
};
