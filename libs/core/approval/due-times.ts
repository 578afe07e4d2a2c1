import type { KnownApproval } from './approval.state.js';
import { escalationsOf } from './escalation.js';
import { remindersOf } from './reminder.js';

/** An instant, besides the expiry, at which somebody must look at an approval. `key` names it within the approval. */
export interface DueTime {
  readonly key: string;
  readonly at: string;
}

/** What time will change and is not on record yet. */
export const dueTimes = ({ status, request, escalations, reminded }: KnownApproval): readonly DueTime[] =>
  status !== 'pending'
    ? []
    : [
        ...escalationsOf(request)
          .filter(({ requirement }) => !escalations.some((known) => known.requirement === requirement))
          .map(({ requirement, since }) => ({ key: String(requirement), at: since })),
        ...remindersOf(request)
          .filter(({ number }) => number > reminded)
          .map(({ number, since }) => ({ key: `r${number}`, at: since })),
      ];
