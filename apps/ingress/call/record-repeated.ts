import { ledgerReadStream, type WireEvent } from '#contracts/ledger.js';
import { type CallRepeated, callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import { append, callAppend, toRecord } from './record.js';

const REPEAT_RETRIES = 3;

/**
 * The identical call came again: on record with its own bytes, since it may be the one that forwards them. False when
 * the call waits no more. `round`: the one of the state that came with it, which counts once: the append elects it.
 * @throws CountersignError params_invalid for a round that was taken already
 */
export const recordRepeated = async (
  gateway: Gateway,
  call: Call,
  held: { readonly callId: string; readonly approvalId: string },
  round: number | null,
): Promise<boolean> => {
  const { sealed, payload } = call.sealedParams;
  const event = toRecord(
    {
      type: 'CallRepeated',
      v: 1,
      data: {
        approvalId: held.approvalId,
        instance: gateway.instance,
        ...(round === null ? {} : { round }),
      },
      payload,
    },
    sealed,
  );
  for (let attempt = 1; ; attempt++) {
    const { events } = await gateway.bus.request(ledgerReadStream, { stream: callStream(held.callId) });
    const last = events.at(-1);
    if (last === undefined || !isHold(last.type)) return false;
    if (round !== null && round <= lastRound(events))
      throw new CountersignError('params_invalid', 'requestState was used already');
    try {
      await append(gateway, callAppend(gateway, call, held.callId, last.revision, [event]));
      return true;
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

const lastRound = (events: readonly WireEvent[]): number =>
  events.reduce((most, { entry, type }) => {
    if (type !== 'CallRepeated') return most;
    return Math.max(most, asEvent<CallRepeated>(readEntry(entry)).data.round ?? 0);
  }, 0);

/** Whether a call still waits for its approval. @throws CountersignError ledger_unavailable */
export const isHeld = async (gateway: Gateway, callId: string): Promise<boolean> => {
  const { events } = await gateway.bus.request(ledgerReadStream, { stream: callStream(callId) });
  return isHold(events.at(-1)?.type);
};

const isHold = (type: string | undefined): boolean => type === 'CallHeld' || type === 'CallRepeated';
