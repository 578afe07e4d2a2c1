import type { ApprovalEvent } from '#core/approval/approval.events.js';
import type { CallEvent } from '#core/call/call.events.js';

interface Part {
  readonly type: CallEvent['type'] | ApprovalEvent['type'];
  readonly data: object;
}

const DIGEST = `sha256:${'d'.repeat(64)}`;
const TARGET = { server: 's', tool: 'pay', toolDigest: 'sha256:t' };
const POLICY = { policyDigest: 'sha256:p', profileDigest: null };

/** A held call and what its approval says of it, in all that the ledger compares. */
export const APPROVED = {
  requested: {
    type: 'CallRequested',
    data: { caller: { issuer: 'https://id', subject: 'ana', client: 'agent' }, ...TARGET },
  },
  decided: { type: 'CallDecided', data: { decision: { effect: 'approval' }, ...POLICY } },
  held: (approvalId: string): Part => ({ type: 'CallHeld', data: { approvalId, digest: DIGEST } }),
  ended: (approvalId: string): Part => ({ type: 'HoldEnded', data: { approvalId, because: 'granted' } }),
  intended: (approvalId: string): Part => ({
    type: 'ForwardIntended',
    data: { instance: 'i-1', deadline_ms: 1_000, approvalId, server: TARGET.server },
  }),
  /** `changes`: to what was asked for. */
  asked: (callId: string, expiresAt: string, changes: object = {}): Part => ({
    type: 'ApprovalRequested',
    data: {
      callId,
      digest: DIGEST,
      requester: {
        principal: 'ana',
        issuer: 'https://id',
        subject: 'ana',
        human: 'h0',
        client: 'agent',
        agent: '',
      },
      ...TARGET,
      ...POLICY,
      requirements: [{ by: ['manager'], count: 1 }],
      distinct: true,
      expiresAt,
      ...changes,
    },
  }),
  voted: (subject = 'max', changes: object = {}): Part => ({
    type: 'ApprovalVoted',
    data: {
      vote: 'approve',
      approver: { principal: subject, issuer: 'https://id', subject },
      roles: ['manager'],
      digest: DIGEST,
      reason: '',
      ...changes,
    },
  }),
  granted: { type: 'ApprovalGranted', data: { digest: DIGEST } },
} as const satisfies Record<string, Part | ((...given: never[]) => Part)>;
