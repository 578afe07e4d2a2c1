import { CountersignError, type ErrorCode } from '#core/errors.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import { markOnRecord } from '../on-record.js';
import type { Call } from './call.js';
import type { Decided } from './decide.js';
import { ignoreConflict, recordDenied, recordStale } from './record.js';
import { heldAt } from './record-repeated.js';

/** What is known of a call when it is refused. */
export interface Known {
  readonly tool: CatalogEntry | null;
  readonly decided: Decided | null;
}

/** Ends a call that was not forwarded, or the held one that it goes on with as a task; then the error. @throws always */
export const refuse = async (
  gateway: Gateway,
  call: Call,
  known: Known,
  code: ErrorCode,
  reason: string,
): Promise<never> => {
  await recordRefusal(gateway, call, known, { code, reason });
  throw markOnRecord(new CountersignError(code, reason));
};

export interface Refusal {
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * A call of its own is on record as denied. A look at the task of a held call is none: what refuses that call ends it once,
 * and later looks find this end. Where only a service is away nothing has ended, and the next look tries again.
 */
export const recordRefusal = async (
  gateway: Gateway,
  call: Call,
  { tool, decided }: Known,
  refusal: Refusal,
): Promise<void> => {
  const { resumes } = call;
  if (resumes?.round !== null) return recordDenied(gateway, call, tool?.digest ?? null, decided, refusal);
  if (refusal.code.endsWith('_unavailable') || refusal.code === 'internal') return;
  const revision = await heldAt(gateway, resumes.callId);
  if (revision === undefined) return;
  await recordStale(gateway, call, { ...resumes, revision }, decided, refusal).catch(ignoreConflict);
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
