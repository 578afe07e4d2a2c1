import { createHmac } from 'node:crypto';
import { approvalFindGrant } from '#contracts/approval.js';
import type { GrantAsked } from '#core/approval/grant.js';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import { valueAt } from '#core/policy/compile-condition.js';
import type { Gateway } from '../gateway.js';
import { attachKey, type Call } from './call.js';
import type { Decided } from './decide.js';
import type { IntentReceipt } from './receipt.js';
import { recordIntent } from './record.js';
import { refuseWith } from './refuse.js';
import type { Resolved } from './resolve.js';

/**
 * Equal for the calls that one grant covers: of the same person and client, of the same thing as it was described then,
 * under the same policy and the same answer of it, with the same values where the grant compares them.
 */
const grantKey = (
  gateway: Gateway,
  call: Call,
  boundDigest: string,
  { decision, policyDigest, profileDigest }: Decided,
): string | undefined => {
  const { approval, operation, rules } = decision;
  if (approval?.grant === undefined) return undefined;
  const { issuer, subject, clientId } = call.caller;
  const { server, method, target } = call;
  const compared = approval.grant.same.map((path) => [path, valueAt(call.arguments, path) ?? null]);
  const covered = [
    [issuer, subject, clientId],
    [server, method, target.name, boundDigest],
    [policyDigest, profileDigest, operation, [...rules], approval as unknown as Json],
    compared,
  ];
  return createHmac('sha256', gateway.callSecret)
    .update('grant\n')
    .update(canonicalJson(covered))
    .digest('base64url');
};

/** What policy lets the approval of this call cover beside it, with the key of the calls it covers. */
export const grantAsked = (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  decided: Decided,
): (Omit<GrantAsked, 'same' | 'limits'> & { same: string[]; limits: string[] }) | undefined => {
  const grant = decided.decision.approval?.grant;
  const key = grantKey(gateway, call, tool.boundDigest, decided);
  if (grant === undefined || key === undefined) return undefined;
  return { uses: grant.uses, for_s: grant.for_s, same: [...grant.same], limits: [...grant.limits], key };
};

/** The ledger does not find the grant right, or no longer: none of the call was stored. */
const NOT_GRANTED: ReadonlySet<string> = new Set(['approval_stale', 'approval_expired']);

/**
 * The intent of a call that people have approved before, as far as policy lets an approval reach. Undefined when there is
 * no such grant: then the call is approved by itself.
 * @throws CountersignError approval_unavailable, ledger_*
 */
export const intendUnderGrant = async (
  gateway: Gateway,
  call: Call,
  tool: Resolved,
  decided: Decided,
): Promise<{ receipt: IntentReceipt; decided: Decided } | undefined> => {
  const key = grantKey(gateway, call, tool.boundDigest, decided);
  if (key === undefined) return undefined;
  const { approvalId } = await gateway.bus
    .request(approvalFindGrant, {
      attachKey: attachKey(gateway, call, decided.policyDigest),
      grantKey: key,
    })
    .catch(refuseWith(gateway, call, { tool: tool.entry, decided }));
  if (approvalId === null) return undefined;
  try {
    const receipt = await recordIntent(gateway, call, tool.digest, decided, approvalId, key);
    return { receipt, decided };
  } catch (error) {
    if (error instanceof CountersignError && NOT_GRANTED.has(error.code)) return undefined;
    throw error;
  }
};
