import type { CallRepeated } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { EventToRecord } from '#core/evidence/build-append.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import { append, callAppend, readCall, toRecord } from './record.js';

const REPEAT_RETRIES = 3;

/** Repetitions on record while people have not decided, and the bytes of their params together; a call may be of the largest. */
export const REPEATED_MAX = 500;
export const REPEATED_BYTES_MAX = 8 * 1024 * 1024;

export interface Repeated {
  /** By which revision it waits. */
  readonly at: number;
  /** To be recorded with what comes of it, in one append. */
  readonly unrecorded?: EventToRecord;
}

interface OfHeld {
  readonly callId: string;
  readonly approvalId: string;
}

/**
 * The identical call came again: on record with its own bytes, since it may be the one that forwards them. Undefined when the
 * call waits no more. Beyond the limits it is recorded only if it runs. `state`: what came with it, which counts once: the
 * append elects it. @throws CountersignError params_invalid for a state that was used already; repeated_too_often
 */
export const recordRepeated = async (
  gateway: Gateway,
  call: Call,
  held: OfHeld,
  state: { readonly round: number; readonly after: number } | null,
  isGranted: () => Promise<boolean>,
): Promise<Repeated | undefined> => {
  const event = repetition(gateway, call, held, state);
  for (let attempt = 1; ; attempt++) {
    const events = await readCall(gateway, held.callId);
    const last = events.at(-1);
    if (last === undefined || !isHold(last.type)) return undefined;
    const repeated = events
      .filter(({ type }) => type === 'CallRepeated')
      .map(({ entry }) => readEntry(entry));
    if (state !== null && isUsed(state.after, repeated))
      throw new CountersignError('params_invalid', 'requestState was used already');
    if (isTooMuch(repeated, call)) {
      if (await isGranted()) return { at: last.revision, unrecorded: event };
      throw new CountersignError('repeated_too_often');
    }
    try {
      return { at: await append(gateway, callAppend(gateway, call, held.callId, last.revision, [event])) };
    } catch (error) {
      if (
        !(error instanceof CountersignError) ||
        error.code !== 'revision_conflict' ||
        attempt === REPEAT_RETRIES
      )
        throw error;
    }
  }
};

/** A look at the task of a call: recorded if the call runs now, not each time it could not. Undefined when it waits no more. */
export const repeatedByTask = async (
  gateway: Gateway,
  call: Call,
  held: OfHeld,
): Promise<Repeated | undefined> => {
  const last = (await readCall(gateway, held.callId)).at(-1);
  if (last === undefined || !isHold(last.type)) return undefined;
  return { at: last.revision, unrecorded: repetition(gateway, call, held, null) };
};

const repetition = (
  { instance }: Gateway,
  { sealedParams: { sealed, payload } }: Call,
  { approvalId }: OfHeld,
  state: { readonly round: number; readonly after: number } | null,
): EventToRecord =>
  toRecord({ type: 'CallRepeated', v: 1, data: { approvalId, instance, ...state }, payload }, sealed);

const isTooMuch = (repeated: readonly Entry[], { sealedParams: { payload } }: Call): boolean =>
  repeated.length >= REPEATED_MAX ||
  repeated.reduce((sum, entry) => sum + (entry.payload?.bytes ?? 0), payload.bytes) > REPEATED_BYTES_MAX;

/** Several clients may wait for one call, each in rounds of its own. */
const isUsed = (after: number, repeated: readonly Entry[]): boolean =>
  repeated.some((entry) => asEvent<CallRepeated>(entry).data.after === after);

/** Revision of the last event of a call that still waits for its approval. @throws CountersignError ledger_unavailable */
export const heldAt = async (gateway: Gateway, callId: string): Promise<number | undefined> => {
  const last = (await readCall(gateway, callId)).at(-1);
  return isHold(last?.type) ? last?.revision : undefined;
};

const isHold = (type: string | undefined): boolean => type === 'CallHeld' || type === 'CallRepeated';
