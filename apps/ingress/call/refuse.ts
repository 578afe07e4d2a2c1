import { CountersignError, type ErrorCode } from '#core/errors.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import type { Call } from './call.js';
import type { Decided } from './decide.js';
import { recordDenied } from './record.js';

/** What is known of a call when it is refused. */
export interface Known {
  readonly tool: CatalogEntry | null;
  readonly decided: Decided | null;
}

/** Ends a call that was not forwarded: CallRequested ... CallDenied, then the error. @throws always */
export const refuse = async (
  gateway: Gateway,
  call: Call,
  known: Known,
  code: ErrorCode,
  reason: string,
): Promise<never> => {
  await recordDenied(gateway, call, known.tool?.digest ?? null, known.decided, { code, reason });
  throw markOnRecord(new CountersignError(code, reason));
};

/** The silent service has taken up to 1 s already; the record of its refusal gets what is left of 2 s (promise G3). */
const RECORD_MS_MAX = 900;

const inTime = async <T>(recording: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refusal = new CountersignError('ledger_unavailable', 'the refusal was not recorded in time');
    timer = setTimeout(() => reject(refusal), RECORD_MS_MAX);
  });
  return Promise.race([recording, late]).finally(() => clearTimeout(timer));
};

/** For `.catch`: a service that did not answer is the reason of the refusal. */
export const refuseWith =
  (gateway: Gateway, call: Call, known: Known) =>
  (error: unknown): Promise<never> => {
    // Without a ledger there is nothing to record with; the refusal itself stands.
    if (error instanceof CountersignError && error.code.startsWith('ledger_')) throw error;
    const code = error instanceof CountersignError ? error.code : 'internal';
    const reason = error instanceof CountersignError ? (error.detail ?? '') : '';
    return inTime(refuse(gateway, call, known, code, reason));
  };
