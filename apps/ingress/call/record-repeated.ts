import { ledgerReadStream, type WireEvent } from '#contracts/ledger.js';
import { type CallRepeated, callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import { append, callAppend, toRecord } from './record.js';

const REPEAT_RETRIES = 3;

/**
 * The identical call came again: on record with its own bytes, since it may be the one that forwards them. Answers the
 * revision by which it waits; undefined when the call waits no more. `state`: what came with it, which counts once: the
 * append elects it. @throws CountersignError params_invalid for a state that was used already
 */
export const recordRepeated = async (
  gateway: Gateway,
  call: Call,
  held: { readonly callId: string; readonly approvalId: string },
  state: { readonly round: number; readonly after: number } | null,
): Promise<number | undefined> => {
  const { sealed, payload } = call.sealedParams;
  const event = toRecord(
    {
      type: 'CallRepeated',
      v: 1,
      data: {
        approvalId: held.approvalId,
        instance: gateway.instance,
        ...state,
      },
      payload,
    },
    sealed,
  );
  for (let attempt = 1; ; attempt++) {
    const { events } = await gateway.bus.request(ledgerReadStream, {
      stream: callStream(held.callId),
      attachments: false,
    });
    const last = events.at(-1);
    if (last === undefined || !isHold(last.type)) return undefined;
    if (state !== null && isUsed(state.after, events))
      throw new CountersignError('params_invalid', 'requestState was used already');
    try {
      return await append(gateway, callAppend(gateway, call, held.callId, last.revision, [event]));
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

/** Several clients may wait for one call, each in rounds of its own. */
const isUsed = (after: number, events: readonly WireEvent[]): boolean =>
  events.some(
    ({ entry, type }) =>
      type === 'CallRepeated' && asEvent<CallRepeated>(readEntry(entry)).data.after === after,
  );

/** Whether a call still waits for its approval. @throws CountersignError ledger_unavailable */
export const isHeld = async (gateway: Gateway, callId: string): Promise<boolean> => {
  const { events } = await gateway.bus.request(ledgerReadStream, {
    stream: callStream(callId),
    attachments: false,
  });
  return isHold(events.at(-1)?.type);
};

const isHold = (type: string | undefined): boolean => type === 'CallHeld' || type === 'CallRepeated';
