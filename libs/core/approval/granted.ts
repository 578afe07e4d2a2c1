import type { ApprovalGranted, ApprovalRequested } from './approval.events.js';

/** The approval is given: the time of its grant begins now. */
export const granted = ({ digest, grant }: ApprovalRequested['data'], now: string): ApprovalGranted => ({
  type: 'ApprovalGranted',
  v: 1,
  data: {
    digest,
    ...(grant !== undefined && {
      until: new Date(Date.parse(now) + grant.for_s * 1_000).toISOString(),
    }),
  },
});
