import type { ApprovalView } from '../../apps/approval/approval-view.js';

const BREAK_GLASS = { roles: ['operator', 'policy-owner'], review: ['auditor'], within_s: 3_600 };

/** What policy allows in an emergency, and who has begun. */
export const emergencyOf = (
  ...invoked: NonNullable<ApprovalView['breakGlass']>['invoked']
): Partial<ApprovalView> => ({ breakGlass: { ...BREAK_GLASS, invoked } });

/** Granted past its approvers, with its review as it stands. */
export const grantedInEmergency = (
  review: Partial<NonNullable<ApprovalView['review']>> = {},
): Partial<ApprovalView> => ({
  ...emergencyOf({ by: 'ina.operator', reason: 'core of C-1003 down' }, { by: 'per.owner', reason: 'seen' }),
  ...{ status: 'used', how: 'break-glass', votes: [] },
  review: { by: ['auditor'], dueAt: '2026-11-28T15:05:10.000Z', status: 'due', ...review } as NonNullable<
    ApprovalView['review']
  >,
});

/** An approval as approvers see it. */
export const viewWith = (changes: Partial<ApprovalView> = {}): ApprovalView => ({
  id: '7b0c9a52-8a4f-4b8e-9d7e-0f6a5f0f2c11',
  status: 'pending',
  digest: `sha256:${'3f9a'.repeat(16)}`,
  callId: '7b0c9a52-8a4f-4b8e-9d7e-0f6a5f0f2c11',
  requester: {
    agent: 'reconciliation-agent 2.1',
    client: 'bank-agents',
    issuer: 'https://id.bank.example',
    principal: 'mara.engineer',
    subject: 's-17',
  },
  server: 'core-banking',
  tool: 'update_customer',
  arguments: { customer_id: 'C-1003', fields: { notes: 'moved to Hamburg', iban: '[BANK_ACCOUNT]' } },
  reasons: [{ id: 'R-4', says: 'Engineers change customers only with a manager of the branch.' }],
  votes: [{ approver: 'otto.manager', vote: 'approve', reason: 'checked with the branch' }],
  quorum: [{ by: ['manager'], count: 2 }],
  distinct: false,
  requestedAt: '2026-11-28T14:05:10.000Z',
  expiresAt: '2026-11-28T14:35:10.000Z',
  ...changes,
});
