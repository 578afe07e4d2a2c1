import type { KnownApproval } from './approval.state.js';
import { escalationsOf } from './escalation.js';

/** Between the id of an approval and what is due besides its expiry; no id has it. */
const LATER = '~';

/** When somebody must look at an approval. */
export interface Timer {
  readonly id: string;
  readonly at: string;
}

/** Everything that time will change in an approval and has not yet: one timer for each instant. */
export const timersOf = (
  approvalId: string,
  { status, request, escalations }: KnownApproval,
): readonly Timer[] => {
  if (status !== 'pending' && status !== 'granted') return [];
  const rising = status === 'pending' ? escalationsOf(request) : [];
  return [
    ...rising
      .filter(({ requirement }) => !escalations.some((known) => known.requirement === requirement))
      .map(({ requirement, since }) => ({ id: `${approvalId}${LATER}${requirement}`, at: since })),
    { id: approvalId, at: request.expiresAt },
  ];
};

/** Whose timer it is. */
export const approvalOfTimer = (timerId: string): string => timerId.split(LATER)[0] ?? timerId;
