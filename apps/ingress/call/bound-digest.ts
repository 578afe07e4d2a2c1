import { approvalDigest } from '#core/approval/approval-digest.js';
import type { Digest } from '#core/hash.js';
import { sha256 } from '#sealing/sha256.js';
import type { Gateway } from '../gateway.js';
import { approvalNonce, type Call } from './call.js';
import type { Decided } from './decide.js';
import type { Resolved } from './resolve.js';

/** Over what an approval binds, as the call, the tool and policy are now (promise G5). */
export const boundDigest = (
  gateway: Gateway,
  call: Call,
  callId: string,
  tool: Resolved,
  decided: Decided,
  expiresAt: string,
): Digest => {
  const { principal, issuer, subject, clientId } = call.caller;
  const grant = decided.decision.approval?.grant;
  return approvalDigest(sha256, {
    caller: { principal, issuer, subject, client: clientId },
    server: call.server,
    ...(call.method === 'tools/call' ? {} : { method: call.method }),
    tool: call.tool,
    toolDigest: tool.boundDigest,
    arguments: call.arguments,
    policyDigest: decided.policyDigest,
    profileDigest: decided.profileDigest,
    nonce: approvalNonce(gateway, callId),
    expiresAt,
    ...(grant && { grant }),
  });
};
