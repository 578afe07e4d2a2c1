import type { ApprovalStatus } from '#core/approval/approval.events.js';

/** Where a person acts; on record with what was refused. */
export type Door = 'approvals' | 'approvals/page' | 'approvals/teams';

/** What people can do where they are shown buttons: on the page and on cards. */
export const ACTS = ['approve', 'deny', 'break-glass', 'justified', 'not_justified'] as const;
export type Act = (typeof ACTS)[number];

/** What somebody is told who has just done it. */
export const countedText = (act: Act, status: ApprovalStatus): string => COUNTED[act](status);

const mayRun = (status: ApprovalStatus): boolean => status === 'granted' || status === 'used';

const COUNTED: Readonly<Record<Act, (status: ApprovalStatus) => string>> = {
  approve: (status) => {
    if (status === 'pending') return 'Your approval counts. More people must approve.';
    return mayRun(status) ? 'Your approval counts. With it the call may run.' : 'Your approval is on record.';
  },
  deny: () => 'You have denied it. The requester reads your reason.',
  'break-glass': (status) =>
    mayRun(status)
      ? 'The glass is broken: the call may run, an alarm is raised, and somebody will review it.'
      : 'You have asked to break the glass. One of the other role must do so, too.',
  justified: () => 'Your review is on record.',
  not_justified: () => 'Your review is on record.',
};
