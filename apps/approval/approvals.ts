import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerAppend, ledgerReadStream } from '#contracts/ledger.js';
import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import type { Actor } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import { Directory } from './directory.js';

const CONFLICT_RETRIES = 5;
export const INSTANCE = randomUUID();
export const APPROVAL_SERVICE: Actor = { kind: 'service', service: 'approval', instance: INSTANCE };

/** Read the stream, decide, append at the revision that was read; somebody else's append first means once more. */
@Injectable()
export class Approvals {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Directory) private readonly directory: Directory,
  ) {}

  /**
   * @throws CountersignError of the decider, event_unknown, ledger_unavailable, revision_conflict
   */
  async execute(
    approvalId: string,
    actor: Actor,
    decide: (state: ApprovalState) => readonly ApprovalEvent[],
    attachment?: Uint8Array,
  ): Promise<ApprovalState> {
    for (let attempt = 0; ; attempt++) {
      const { state, revision, callId } = await this.load(approvalId);
      const events = decide(state);
      if (events.length === 0) return state;
      try {
        await this.append(approvalId, revision, actor, callId, events, attachment);
        return events.reduce<ApprovalState>(evolveApproval, state);
      } catch (error) {
        const lostRace = error instanceof CountersignError && error.code === 'revision_conflict';
        if (!lostRace || attempt >= CONFLICT_RETRIES) throw error;
      }
    }
  }

  private async load(
    approvalId: string,
  ): Promise<{ state: ApprovalState; revision: number; callId: string }> {
    const { events } = await this.bus.request(ledgerReadStream, { stream: approvalStream(approvalId) });
    let state: ApprovalState = NO_APPROVAL;
    for (const stored of events) {
      const entry = readEntry(stored.entry);
      state = evolveApproval(state, asEvent<ApprovalEvent>(entry));
      this.directory.applyApproval(approvalId, entry, stored.attachment);
    }
    return {
      state,
      revision: events.length - 1,
      callId: state.status === 'none' ? approvalId : state.request.callId,
    };
  }

  private async append(
    approvalId: string,
    expected: number,
    actor: Actor,
    callId: string,
    events: readonly ApprovalEvent[],
    attachment: Uint8Array | undefined,
  ): Promise<void> {
    const toRecord = events.map(
      (event): EventToRecord =>
        event.type === 'ApprovalRequested' && attachment !== undefined
          ? { event: event as unknown as EventToRecord['event'], attachment }
          : { event: event as unknown as EventToRecord['event'] },
    );
    const command = buildAppend(
      {
        stream: approvalStream(approvalId),
        expected,
        time: new Date().toISOString(),
        actor,
        correlation: callId,
        causation: approvalId,
        newId: randomUUID,
      },
      toRecord,
    );
    await this.bus.request(ledgerAppend, command);
    for (const { entry, attachment: sealed } of command.events)
      this.directory.applyApproval(approvalId, readEntry(entry), sealed);
  }
}
