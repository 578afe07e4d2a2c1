import { z } from 'zod';
import { URI_CHARS_MAX } from '#core/call/resource-uri.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { type Decision, type MaskingProfile, TARGET_KINDS } from '#core/policy/policy.types.js';
import { bytes, contract, digest, id, instant } from './contract.js';

/** Absent = `tool`. */
const kind = z.enum(TARGET_KINDS).optional();
/** Name of the target: of a tool, prompt or method, or URI of a resource. */
const targetName = z.string().min(1).max(URI_CHARS_MAX);
const jsonObject = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null);

/** `kind`, `tool` and `args` are `targetOf` the call's params: RFC 8785 bytes, the same that are recorded and forwarded. */
export const policyDecide = contract({
  subject: 'countersign.policy.decide.v1',
  answeredBy: 'policy',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({
    groups: z.array(z.string()),
    kind,
    server: id,
    tool: targetName,
    args: bytes,
    token: jsonObject,
    now: instant,
    /** The ledger has refused what this policy decided: look into the log for the one that is active before deciding. */
    stale: digest.optional(),
  }),
  reply: z.object({
    decision: z.custom<Decision>((value) => typeof value === 'object' && value !== null && 'effect' in value),
    policyDigest: digest,
    profileDigest: digest.nullable(),
  }),
});

/** Which of these targets could be allowed or approved with some arguments; lists show no others. */
export const policyFilter = contract({
  subject: 'countersign.policy.filter.v1',
  answeredBy: 'policy',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({
    groups: z.array(z.string()),
    tools: z.array(z.object({ kind, server: id, tool: targetName })),
  }),
  reply: z.object({
    allowed: z.array(z.boolean()),
    /** What a list of those allowed must be masked with. */
    profile: z
      .custom<MaskingProfile>((value) => typeof value === 'object' && value !== null && 'rules' in value)
      .nullable(),
  }),
});

export const policyRoles = contract({
  subject: 'countersign.policy.roles.v1',
  answeredBy: 'policy',
  askedBy: ['ingress', 'approval', 'ledger', 'policy'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({ groups: z.array(z.string()) }),
  reply: z.object({
    roles: z.array(z.string()),
    /** Whose delegates holders of these roles may be. */
    actsFor: z.array(z.string()).default([]),
  }),
});

/** Which roles the policy of now lets people delegate, and for how long. */
export const policyDelegation = contract({
  subject: 'countersign.policy.delegation.v1',
  answeredBy: 'policy',
  askedBy: ['approval'],
  deadline_ms: 1_000,
  unavailable: 'policy_unavailable',
  request: z.object({}),
  reply: z.object({ limits: z.array(z.object({ role: z.string(), max_s: z.number().int().min(1) })) }),
});

export type { Decision, MaskingProfile };
