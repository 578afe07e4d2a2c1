import { policyDecide } from '#contracts/policy.js';
import type { CallTarget } from '#core/call/target.js';
import { canonicalJson, type JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { Decision } from '#core/policy/policy.types.js';
import type { Gateway } from '../gateway.js';
import type { Call, CallRequest } from './call.js';

/** Policy's answer and the moment it was given for. */
export interface Decided {
  readonly now: string;
  readonly groups: readonly string[];
  readonly token: JsonObject;
  readonly policyDigest: Digest;
  readonly profileDigest: Digest | null;
  readonly decision: Decision;
}

/** @param stale the policy by which the ledger lets nothing happen any more @throws CountersignError policy_unavailable */
export const decide = (gateway: Gateway, call: Call, stale?: Digest): Promise<Decided> =>
  decideTarget(gateway, call, call.target, { argumentsText: call.argumentsText, stale });

/** The decision for what a call is aimed at, or for a question of its server. @throws CountersignError policy_unavailable */
export const decideTarget = async (
  gateway: Gateway,
  { caller, server }: Pick<CallRequest, 'caller' | 'server'>,
  { kind, name, args }: CallTarget,
  {
    argumentsText = canonicalJson(args),
    stale,
  }: { readonly argumentsText?: string; readonly stale?: Digest | undefined } = {},
): Promise<Decided> => {
  const now = gateway.now().toISOString();
  const { groups, claims: token } = caller;
  const { decision, policyDigest, profileDigest } = await gateway.bus.request(policyDecide, {
    groups: [...groups],
    kind,
    server,
    tool: name,
    args: Buffer.from(argumentsText),
    token,
    now,
    ...(stale === undefined ? {} : { stale }),
  });
  return { now, groups, token, policyDigest, profileDigest, decision };
};
