/** Where a person acts; on record with what was refused. */
export type Door = 'approvals' | 'approvals/page' | 'approvals/teams';

/** What people can do where they are shown buttons: on the page and on cards. */
export const ACTS = ['approve', 'deny', 'break-glass', 'justified', 'not_justified'] as const;
export type Act = (typeof ACTS)[number];

/** What somebody is told who has just done it. */
export const countedText = (act: Act, isPending: boolean): string => COUNTED[act](isPending);

const COUNTED: Readonly<Record<Act, (isPending: boolean) => string>> = {
  approve: (isPending) =>
    isPending
      ? 'Your approval counts. More people must approve.'
      : 'Your approval counts. With it the call may run.',
  deny: () => 'You have denied it. The requester reads your reason.',
  'break-glass': (isPending) =>
    isPending
      ? 'You have asked to break the glass. One of the other role must do so, too.'
      : 'The glass is broken: the call may run, an alarm is raised, and somebody will review it.',
  justified: () => 'Your review is on record.',
  not_justified: () => 'Your review is on record.',
};
