import { CountersignError } from '#core/errors.js';
import { recordRefusal } from '#http/record-refusal.js';
import type { Caller } from '#identity/caller.js';
import type { Gateway } from '../gateway.js';
import { isOnRecord } from '../on-record.js';

export interface Refused {
  readonly where: string;
  readonly caller: Caller | undefined;
  readonly method: string | undefined;
}

/** Makes sure that a refusal is on record, whatever gate it came from. */
export const recorded = async (
  gateway: Gateway,
  { where, caller, method }: Refused,
  error: unknown,
): Promise<CountersignError> => {
  if (!(error instanceof CountersignError))
    gateway.logger.error({ err: error }, 'unexpected error at the MCP edge');
  const refusal = error instanceof CountersignError ? error : new CountersignError('internal');
  if (isOnRecord(error) || refusal.code.startsWith('ledger_')) return refusal;
  try {
    const about = { method: method ?? null, detail: refusal.detail ?? null };
    await recordRefusal(gateway.bus, gateway.instance, {
      code: refusal.code,
      where,
      ...(caller === undefined ? {} : { caller }),
      about,
    });
  } catch {
    gateway.logger.error({ code: refusal.code, where }, 'a refusal could not be recorded');
  }
  return refusal;
};
