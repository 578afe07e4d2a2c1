import { policyDecide } from '#contracts/policy.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { Decision } from '#core/policy/policy.types.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';

/** Policy's answer and the moment it was given for. */
export interface Decided {
  readonly now: string;
  readonly groups: readonly string[];
  readonly token: JsonObject;
  readonly policyDigest: Digest;
  readonly profileDigest: Digest | null;
  readonly decision: Decision;
}

/** @throws CountersignError policy_unavailable */
export const decide = async (gateway: Gateway, call: Call): Promise<Decided> => {
  const now = gateway.now().toISOString();
  const { groups, claims: token } = call.caller;
  const { decision, policyDigest, profileDigest } = await gateway.bus.request(policyDecide, {
    groups: [...groups],
    server: call.server,
    tool: call.tool,
    args: Buffer.from(call.argumentsText),
    token,
    now,
  });
  return { now, groups, token, policyDigest, profileDigest, decision };
};
