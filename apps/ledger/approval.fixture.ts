import type { ApprovalEvent, ApprovalRequested } from '#core/approval/approval.events.js';
import type { CallEvent } from '#core/call/call.events.js';

interface Part {
  readonly type: CallEvent['type'] | ApprovalEvent['type'];
  readonly data: object;
}

const EXPIRES = '2026-11-22T13:00:00.000Z';
const DIGEST = `sha256:${'d'.repeat(64)}`;
const TARGET = { server: 's', tool: 'pay', toolDigest: 'sha256:t' };
const POLICY = { policyDigest: 'sha256:p', profileDigest: null };

const ASKED = { requirements: [{ by: ['manager'], count: 1 }], distinct: true };

/** Policy's answer that asks for such an approval. */
export const decisionFor = ({ distinct, breakGlass, grant, ...asked }: Demand = {}) => ({
  effect: 'approval',
  rules: ['P-1'],
  approval: {
    requirements: asked.requirements ?? ASKED.requirements,
    expires_s: 3_600,
    ...(distinct === false && { distinct }),
    ...(breakGlass && { break_glass: breakGlass }),
    ...(grant && { grant: { uses: grant.uses, for_s: grant.for_s, same: grant.same, limits: grant.limits } }),
  },
});
type Demand = Partial<Pick<ApprovalRequested['data'], 'requirements' | 'distinct' | 'breakGlass' | 'grant'>>;

/** A held call and what its approval says of it, in all that the ledger compares. */
export const APPROVED = {
  requested: {
    type: 'CallRequested',
    data: { caller: { issuer: 'https://id', subject: 'ana', client: 'agent' }, ...TARGET },
  },
  decided: { type: 'CallDecided', data: { decision: decisionFor(), ...POLICY } },
  held: (approvalId: string, expiresAt = EXPIRES): Part => ({
    type: 'CallHeld',
    data: { approvalId, digest: DIGEST, expiresAt },
  }),
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
      ...ASKED,
      rules: [{ id: 'P-1', says: 'Managers approve.' }],
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
