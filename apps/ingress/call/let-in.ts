import { BudgetExceeded, type BudgetLease } from '../budgets.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import type { Call } from './call.js';
import { recordRefusal } from './refuse.js';

/**
 * Within the budgets of caller, session and server, or refused on record. The task of a held call ends so only where waiting
 * does not help; otherwise its next look tries again. @throws BudgetExceeded
 */
export const withinBudgets = async (gateway: Gateway, call: Call): Promise<BudgetLease> => {
  const { issuer, subject, clientId } = call.caller;
  try {
    return gateway.budgets.begin({
      caller: `${issuer}\n${subject}\n${clientId}`,
      session: call.client.era === 'legacy' ? call.client.session?.id : undefined,
      server: call.server,
      argumentBytes: Buffer.byteLength(call.argumentsText),
      within: call.within === true,
    });
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    const { code, detail = '' } = error;
    const waits = call.resumes?.round === null && error.retryAfter_ms !== null;
    if (!waits) await recordRefusal(gateway, call, { tool: null, decided: null }, { code, reason: detail });
    throw markOnRecord(error);
  }
};
