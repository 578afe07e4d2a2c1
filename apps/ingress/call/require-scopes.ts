import { ScopeMissing } from '#identity/scopes.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import type { Call } from './call.js';
import { recordDenied } from './record.js';
import type { Known } from './refuse.js';

/**
 * The scopes of the operation that policy found, a reading or a writing one; after policy, which alone knows the kind.
 * The refusal names all of them, so that one step-up is enough (MCP basic/authorization).
 * @throws ScopeMissing; CountersignError ledger_*
 */
export const requireScopes = async (gateway: Gateway, call: Call, known: Known): Promise<void> => {
  const kind = known.decided?.decision.kind ?? null;
  if (kind === null) return;
  const required = gateway.resourceServer.operationScopes(call.server, kind);
  try {
    gateway.resourceServer.requireScopes(call.caller, required);
  } catch (error) {
    if (!(error instanceof ScopeMissing)) throw error;
    const { code, detail = '' } = error;
    await recordDenied(gateway, call, known.tool?.digest ?? null, known.decided, { code, reason: detail });
    throw markOnRecord(error);
  }
};
