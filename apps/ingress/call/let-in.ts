import { BudgetExceeded, type BudgetLease } from '../budgets.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import type { Call } from './call.js';
import { recordDenied } from './record.js';

/** Within the budgets of caller, session and server, or refused on record. @throws BudgetExceeded */
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
    await recordDenied(gateway, call, null, null, { code, reason: detail });
    throw markOnRecord(error);
  }
};
