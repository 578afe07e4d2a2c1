import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import {
  ledgerReadAll,
  ledgerReadStream,
  ledgerUnsettledApprovals,
  type WireEvent,
} from '#contracts/ledger.js';
import { approvalStream } from '#core/approval/approval.events.js';
import { callStream } from '#core/call/call.events.js';
import { DELEGATION_EVENT_TYPES } from '#core/delegation/delegation.events.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { Directory } from './directory.js';

const PAGE = 500;
const READS_AT_ONCE = 16;
/** Longer than anybody goes on telling what has ended. */
const RECENT_MS_MIN = 2 * 24 * 60 * 60_000;
/** So often the ledger is asked where to begin; a whole log is as good, and takes longer. */
const ASKED_MAX = 5;

/**
 * What a start must know of the time before it reads the log: which older approvals, held calls and delegations are still open.
 * The read model of the ledger says which; what they are is read from their streams.
 */
@Injectable()
export class EarlierApprovals {
  private asked = 0;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Hands over the events of the older ones. The answer is the position behind which the log is read; undefined: from its
   * beginning. Asked again after a failure, it hands over everything again. @throws CountersignError ledger_unavailable
   */
  async read(apply: (event: WireEvent) => void): Promise<string | undefined> {
    const found = await this.place();
    if (found?.after === undefined) return undefined;
    await this.delegations(apply);
    const waiting = [
      ...found.calls.map((callId) => () => this.stream(callStream(callId), apply)),
      ...found.approvals.map((approvalId) => () => this.approval(approvalId, apply)),
    ];
    const next = async (): Promise<void> => {
      for (let read = waiting.pop(); read !== undefined; read = waiting.pop()) await read();
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, next));
    this.directory.changes.forgetTo(BigInt(found.after));
    const { after, approvals } = found;
    this.logger.info(
      { after, approvals: approvals.length },
      'older approvals are read, now the log from here',
    );
    return after;
  }

  private async place() {
    const recent_ms = Math.max(this.config.approvals.keep_ended_s * 1_000, RECENT_MS_MIN);
    const since = new Date(Date.now() - recent_ms).toISOString();
    try {
      return await this.bus.request(ledgerUnsettledApprovals, { since });
    } catch (error) {
      this.asked += 1;
      if (this.asked < ASKED_MAX) throw error;
      return undefined;
    }
  }

  private async delegations(apply: (event: WireEvent) => void): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const { events, scannedTo } = await this.bus.request(ledgerReadAll, {
        ...{ limit: PAGE, types: [...DELEGATION_EVENT_TYPES], attachments: false, wait_ms: 0 },
        ...(after === undefined ? {} : { after }),
      });
      for (const event of events) apply(event);
      if (events.length === 0) return;
      after = scannedTo ?? after;
    }
  }

  /** With its call: whether that still waits, stands there. */
  private async approval(approvalId: string, apply: (event: WireEvent) => void): Promise<void> {
    const [first] = await this.stream(approvalStream(approvalId), apply);
    if (first === undefined) return;
    await this.stream(callStream(readEntry(first.entry).correlation), apply);
  }

  private async stream(stream: string, apply: (event: WireEvent) => void): Promise<readonly WireEvent[]> {
    const { events } = await this.bus.request(ledgerReadStream, { stream, attachments: false });
    for (const event of events) apply(event);
    return events;
  }
}
