import type { KnownApproval } from './approval.state.js';
import { dueTimes } from './due-times.js';

/** Between the id of an approval and what is due besides its expiry; no id has it. */
const LATER = '~';

/** When somebody must look at an approval. */
export interface Timer {
  readonly id: string;
  readonly at: string;
}

/** Everything that time will change in an approval and has not yet: one timer for each instant. */
export const timersOf = (approvalId: string, approval: KnownApproval): readonly Timer[] => {
  const { status, request } = approval;
  const isOpen = status === 'pending' || status === 'granted';
  return [
    ...dueTimes(approval).map(({ key, at }) => ({ id: `${approvalId}${LATER}${key}`, at })),
    ...(isOpen ? [{ id: approvalId, at: request.expiresAt }] : []),
  ];
};

/** Whose timer it is. */
export const approvalOfTimer = (timerId: string): string => timerId.split(LATER)[0] ?? timerId;
