import { z } from 'zod';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Decision, MaskingProfile } from '#core/policy/policy.types.js';
import { bytes, contract, digest, id, instant } from './contract.js';

const jsonObject = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null);

/** `args` are the RFC 8785 bytes of the call's arguments: the same bytes that are recorded and forwarded. */
export const policyDecide = contract({
  subject: 'countersign.policy.decide.v1',
  answeredBy: 'policy',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({
    groups: z.array(z.string()),
    server: id,
    tool: id,
    args: bytes,
    token: jsonObject,
    now: instant,
  }),
  reply: z.object({
    decision: z.custom<Decision>((value) => typeof value === 'object' && value !== null && 'effect' in value),
    policyDigest: digest,
    profileDigest: digest.nullable(),
  }),
});

/** Which of these tools could be allowed or approved with some arguments; `tools/list` shows no others. */
export const policyFilter = contract({
  subject: 'countersign.policy.filter.v1',
  answeredBy: 'policy',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({ groups: z.array(z.string()), tools: z.array(z.object({ server: id, tool: id })) }),
  reply: z.object({ allowed: z.array(z.boolean()) }),
});

export const policyRoles = contract({
  subject: 'countersign.policy.roles.v1',
  answeredBy: 'policy',
  askedBy: ['ingress', 'approval', 'ledger'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({ groups: z.array(z.string()) }),
  reply: z.object({ roles: z.array(z.string()) }),
});

export type { Decision, MaskingProfile };
