import { z } from 'zod';
import { APPROVAL_STATUSES } from '#core/approval/approval.events.js';
import { bytes, contract, digest, id, instant } from './contract.js';

const share = { by: z.array(z.string()).min(1), count: z.number().int().min(1) };
const requirement = z.object({
  ...share,
  or: z.array(z.object(share)).min(1).optional(),
  escalate: z.object({ after_s: z.number().int().min(1), to: z.array(z.string()).min(1) }).optional(),
});
const status = z.enum(APPROVAL_STATUSES);
const standing = z.object({
  approvalId: id,
  status,
  reason: z.string().optional(),
  decidedBy: z.array(z.string()),
});

/** Idempotent by approval id: the ingress that holds the call and the recovery of the approval service both send it. */
export const approvalRequest = contract({
  subject: 'countersign.approval.request.v1',
  answeredBy: 'approval',
  askedBy: ['ingress'],
  deadline_ms: 2_000,
  unavailable: 'approval_unavailable',
  request: z.object({
    approvalId: id,
    callId: id,
    digest,
    /** Keyed hash of who, what and policy: finds the approval when the identical call is sent again. */
    attachKey: z.string(),
    requester: z.object({
      principal: id,
      issuer: id,
      subject: id,
      human: id.optional(),
      clientId: z.string(),
      agent: z.string(),
    }),
    server: id,
    tool: id,
    toolDigest: digest,
    policyDigest: digest,
    profileDigest: digest.nullable(),
    requirements: z.array(requirement).min(1),
    /** Whether each human counts for one requirement only. */
    distinct: z.boolean(),
    requestedAt: instant.optional(),
    breakGlass: z
      .object({
        roles: z.array(id).length(2).readonly(),
        review: z.array(id).min(1).readonly(),
        within_s: z.number().int().min(1),
      })
      .optional(),
    rules: z.array(z.object({ id: z.string(), says: z.string() })),
    /** What the approval covers beside this call, by policy; absent: nothing. */
    grant: z
      .object({
        uses: z.number().int().min(2),
        for_s: z.number().int().min(1),
        same: z.array(z.string()),
        limits: z.array(z.string()),
        key: z.string().min(1),
      })
      .optional(),
    expiresAt: instant,
    /** Sealed JSON { arguments: masked, nonce }, and its commitment. */
    shown: z.object({ sealed: bytes, commit: digest, bytes: z.number().int(), kid: z.string() }),
  }),
  reply: standing,
});

/** The open (pending or granted and unused) approval for an identical call of the same caller, if any. */
export const approvalFind = contract({
  subject: 'countersign.approval.find.v1',
  answeredBy: 'approval',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'approval_unavailable',
  request: z.object({ attachKey: z.string() }),
  reply: z.object({ found: z.object({ approvalId: id, callId: id, digest, expiresAt: instant }).nullable() }),
});

/**
 * A grant that this call may run under, unless the identical call has an approval of its own that is open. The ledger
 * decides whether it really may.
 */
export const approvalFindGrant = contract({
  subject: 'countersign.approval.find-grant.v1',
  answeredBy: 'approval',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'approval_unavailable',
  request: z.object({ attachKey: z.string(), grantKey: z.string() }),
  reply: z.object({ approvalId: id.nullable() }),
});

/** Answers at once when the approval is decided, else after `wait_ms`. */
export const approvalAwait = contract({
  subject: 'countersign.approval.await.v1',
  answeredBy: 'approval',
  askedBy: ['ingress'],
  deadline_ms: 2_000,
  unavailable: 'approval_unavailable',
  request: z.object({ approvalId: id, wait_ms: z.number().int().min(0).max(1_000) }),
  reply: standing,
});

export const approvalWithdraw = contract({
  subject: 'countersign.approval.withdraw.v1',
  answeredBy: 'approval',
  askedBy: ['ingress'],
  deadline_ms: 2_000,
  unavailable: 'approval_unavailable',
  request: z.object({ approvalId: id, reason: z.string().max(500) }),
  reply: standing,
});
