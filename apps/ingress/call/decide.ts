import { policyDecide } from '#contracts/policy.js';
import type { Decision } from '#core/policy/policy.types.js';
import type { Digest } from '#core/hash.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';

/** Policy's answer and the moment it was given for. */
export interface Decided {
  readonly now: string;
  readonly policyDigest: Digest;
  readonly profileDigest: Digest | null;
  readonly decision: Decision;
}

/** @throws CountersignError policy_unavailable */
export const decide = async (gateway: Gateway, call: Call): Promise<Decided> => {
  const now = gateway.now().toISOString();
  const { decision, policyDigest, profileDigest } = await gateway.bus.request(policyDecide, {
    groups: [...call.caller.groups],
    server: call.server,
    tool: call.tool,
    args: Buffer.from(call.argumentsText),
    token: call.caller.claims,
    now,
  });
  return { now, policyDigest, profileDigest, decision };
};
