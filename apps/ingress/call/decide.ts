import { policyDecide } from '#contracts/policy.js';
import type { CallDecided } from '#core/call/call.events.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';

/** Policy's answer as it is recorded. @throws CountersignError policy_unavailable */
export const decide = async (gateway: Gateway, call: Call): Promise<CallDecided['data']> => {
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
