import { CountersignError } from '#core/errors.js';
import { BudgetExceeded, type BudgetLease } from '../budgets.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import type { Call } from './call.js';
import { recordDenied } from './record.js';
import { refuse, refuseWith } from './refuse.js';

const UNKNOWN = { tool: null, decided: null };

/** Within the budgets of caller, session and server, or refused on record. @throws BudgetExceeded */
export const withinBudgets = async (gateway: Gateway, call: Call): Promise<BudgetLease> => {
  const { issuer, subject, clientId } = call.caller;
  try {
    return gateway.budgets.begin({
      caller: `${issuer}\n${subject}\n${clientId}`,
      session: call.session,
      server: call.server,
      argumentBytes: Buffer.byteLength(call.argumentsText),
    });
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    const { code, detail = '' } = error;
    await recordDenied(gateway, call, null, null, { code, reason: detail });
    throw markOnRecord(error);
  }
};

/** The tool as the catalog shows it: listed now, and with an approved definition. Else refused on record. */
export const approvedTool = async (gateway: Gateway, call: Call): Promise<CatalogEntry> => {
  const found = await gateway.catalog
    .lookup(call.server, 'tools', call.tool)
    .catch(refuseWith(gateway, call, UNKNOWN));
  if (found.state === 'held') return refuse(gateway, call, UNKNOWN, 'tool_held', found.why);
  if (found.state === 'unknown' || found.entry === undefined)
    return refuse(gateway, call, UNKNOWN, 'tool_unknown', `${call.server} has no such tool`);
  return found.entry;
};

/** Whether a held call may still go to the very tool that was approved. @throws CountersignError approval_stale */
export const requireSameTool = async (gateway: Gateway, call: Call, tool: CatalogEntry): Promise<void> => {
  const now = await gateway.catalog.lookup(call.server, 'tools', call.tool);
  const isSame = 'entry' in now && now.entry?.digest === tool.digest;
  if (!isSame)
    throw new CountersignError('approval_stale', 'the definition of the tool is no longer approved');
};
