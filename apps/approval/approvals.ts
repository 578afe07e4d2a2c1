import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream, readState } from '#bus/decide-on-stream.js';
import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import type { Actor } from '#core/evidence/entry.js';
import { Directory } from './directory.js';

export const INSTANCE = randomUUID();
export const APPROVAL_SERVICE: Actor = { kind: 'service', service: 'approval', instance: INSTANCE };

/** Decisions on approvals, each on the state that the ledger has; the directory knows them at once. */
@Injectable()
export class Approvals {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Directory) private readonly directory: Directory,
  ) {}

  /** As the ledger has it. @throws CountersignError event_unknown, ledger_unavailable */
  async read(approvalId: string): Promise<ApprovalState> {
    const read = { stream: approvalStream(approvalId), initial: NO_APPROVAL, evolve: evolveApproval };
    return (await readState<ApprovalState, ApprovalEvent>(this.bus, read)).state;
  }

  /**
   * @throws CountersignError of the decider, event_unknown, ledger_unavailable, revision_conflict
   */
  async execute(
    approvalId: string,
    actor: Actor,
    decide: (state: ApprovalState, now: string) => readonly ApprovalEvent[],
    attachment?: Uint8Array,
  ): Promise<ApprovalState> {
    const { state, entries } = await decideOnStream<ApprovalState, ApprovalEvent>(this.bus, {
      stream: approvalStream(approvalId),
      initial: NO_APPROVAL,
      evolve: evolveApproval,
      decide,
      actor,
      correlation: (current) => (current.status === 'none' ? approvalId : current.request.callId),
      causation: approvalId,
      attachmentOf: (event) => (event.type === 'ApprovalRequested' ? attachment : undefined),
    });
    for (const stored of entries) this.directory.applyApproval(approvalId, stored.entry);
    return state;
  }
}
