import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import { BUS, type Bus } from '#bus/bus.js';
import { readState, type StoredEntry } from '#bus/decide-on-stream.js';
import { maskingReleased, maskingResume } from '#contracts/masking.js';
import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { type CallEvent, type CallReturned, callStream } from '#core/call/call.events.js';
import { type CallState, evolveCall, NO_CALL } from '#core/call/evolve-call.js';
import { CountersignError } from '#core/errors.js';
import { asEvent } from '#core/evidence/read-entry.js';
import { SEALING_KEYS, type SealingKeys } from './masking.bus.js';

/** Payloads of calls that are answered later than they were asked for. What may be opened is read from the ledger here. */
@Controller()
export class HeldBus {
  constructor(
    @Inject(SEALING_KEYS) private readonly keys: SealingKeys,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @Answers(maskingResume)
  async resume({ callId }: { callId: string }) {
    const { state, entries } = await this.call(callId, 'CallRequested');
    if (state.kind === 'held') await this.requireGranted(state.approvalId);
    else if (state.kind !== 'ended' || state.awaitsInput !== true)
      throw new CountersignError('approval_closed', 'the call waits no more');
    return { params: await this.open(entries, 'CallRequested') };
  }

  @Answers(maskingReleased)
  async released({ callId }: { callId: string }) {
    const { state, entries } = await this.call(callId, 'ResultMasked');
    const returned = entries.find(({ entry }) => entry.type === 'CallReturned');
    // What was masked of a call that failed behind it was withheld.
    const isReleased = entries.some(({ entry }) => entry.type === 'CallCompleted');
    if (state.kind !== 'ended' || !isReleased || returned === undefined)
      throw new CountersignError('approval_closed', 'nothing was released of the call');
    const { kind } = asEvent<CallReturned>(returned.entry).data;
    return { kind, payload: await this.open(entries, 'ResultMasked') };
  }

  /** With the payload that is asked for alone: those of its repetitions together may be more than a message of the bus holds. */
  private call(callId: string, payloadOf: CallEvent['type']) {
    return readState<CallState, CallEvent>(this.bus, {
      stream: callStream(callId),
      initial: NO_CALL,
      evolve: evolveCall,
      attachmentsOf: [payloadOf],
    });
  }

  /** Not the expiry: that is for the append that forwards. */
  private async requireGranted(approvalId: string): Promise<void> {
    const { state } = await readState<ApprovalState, ApprovalEvent>(this.bus, {
      stream: approvalStream(approvalId),
      initial: NO_APPROVAL,
      evolve: evolveApproval,
    });
    if (state.status !== 'granted')
      throw new CountersignError('approval_closed', `the approval is ${state.status}`);
  }

  private async open(entries: readonly StoredEntry[], type: string): Promise<Uint8Array> {
    const found = entries.find(({ entry }) => entry.type === type);
    const { attachment, entry } = found ?? {};
    if (attachment === undefined || entry?.payload === undefined)
      throw new CountersignError('masking_unavailable', `${type} has no payload`);
    try {
      return (await this.keys.opener.openSalted(attachment, entry.payload.commit)).bytes;
    } catch (error) {
      throw new CountersignError('masking_unavailable', (error as Error).message);
    }
  }
}
