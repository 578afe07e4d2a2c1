import type { KnownApproval } from './approval.state.js';
import { dueTimes, REVIEW_KEY } from './due-times.js';

/** Between the id of an approval and what is due besides its expiry; no id has it. */
const LATER = '~';

/** When somebody must look at an approval. */
export interface Timer {
  readonly id: string;
  readonly at: string;
}

/** Everything that time will change in an approval and has not yet: one timer for each instant. */
export const timersOf = (approvalId: string, approval: KnownApproval): readonly Timer[] => {
  const later = dueTimes(approval).map(({ key, at }) => ({ id: `${approvalId}${LATER}${key}`, at }));
  const isOpen = approval.status === 'pending' || approval.status === 'granted';
  return isOpen ? [...later, { id: approvalId, at: approval.request.expiresAt }] : later;
};

/** Whose timer it is. */
export const approvalOfTimer = (timerId: string): string => timerId.split(LATER)[0] ?? timerId;

export const isReviewTimer = (timerId: string): boolean => timerId.split(LATER)[1] === REVIEW_KEY;
