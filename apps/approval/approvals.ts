import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream, readState } from '#bus/decide-on-stream.js';
import { ledgerReadStream } from '#contracts/ledger.js';
import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import { type Listed, withEvent, withHoldEnd } from '#core/approval/listed.js';
import { callStream, type HoldEnded } from '#core/call/call.events.js';
import type { Actor, Entry } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { Directory } from './directory.js';

export const INSTANCE = randomUUID();
/** No id of an approval is longer, or has other letters. */
const APPROVAL_ID = /^[\w-]{1,100}$/;
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

  /** As it is at hand or, when it ended long ago, as the log has it. @throws CountersignError ledger_unavailable */
  async find(approvalId: string): Promise<Listed | undefined> {
    return this.directory.get(approvalId) ?? this.readListed(approvalId);
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
    let isNew = false;
    const { state, entries } = await decideOnStream<ApprovalState, ApprovalEvent>(this.bus, {
      stream: approvalStream(approvalId),
      initial: NO_APPROVAL,
      evolve: evolveApproval,
      decide: (current, now) => {
        isNew = current.status === 'none';
        return decide(current, now);
      },
      actor,
      correlation: (current) => (current.status === 'none' ? approvalId : current.request.callId),
      causation: approvalId,
      attachmentOf: (event) => (event.type === 'ApprovalRequested' ? attachment : undefined),
    });
    if (isNew || this.directory.get(approvalId) !== undefined)
      for (const { entry } of entries) this.directory.applyApproval(approvalId, entry);
    else {
      // Forgotten, or of another replica: whether its call still waits stands in another stream.
      const listed = await this.readListed(approvalId);
      if (listed !== undefined) this.directory.admit(listed);
    }
    return state;
  }

  private async readListed(approvalId: string): Promise<Listed | undefined> {
    if (!APPROVAL_ID.test(approvalId)) return undefined;
    const events = await this.entries(approvalStream(approvalId));
    const listed = events.reduce<Listed | undefined>(
      (known, entry) => withEvent(known, approvalId, entry),
      undefined,
    );
    if (listed === undefined) return undefined;
    const ends = (await this.entries(callStream(listed.approval.request.callId)))
      .map((entry) => knownEvent<HoldEnded>(entry))
      .filter((event) => event?.type === 'HoldEnded' && event.data.approvalId === approvalId);
    return ends.reduce((known, end) => (end ? withHoldEnd(known, end.data.because) : known), listed);
  }

  private async entries(stream: string): Promise<readonly Entry[]> {
    const { events } = await this.bus.request(ledgerReadStream, { stream, attachments: false });
    return events.map(({ entry }) => readEntry(entry));
  }
}
