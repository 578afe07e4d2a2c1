import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerReadAll, type WireEvent } from '#contracts/ledger.js';
import type { HoldEnded } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { LOGGER } from '#http/platform.module.js';
import { Directory } from './directory.js';
import { Expiry } from './expiry.js';

const TYPES = [
  'ApprovalRequested',
  'ApprovalVoted',
  'ApprovalEscalated',
  'ApprovalGranted',
  'ApprovalDenied',
  'ApprovalExpired',
  'ApprovalWithdrawn',
  'HoldEnded',
];
const RETRY_MS = 500;

/** Follows the log for approvals, from the beginning at each start: that rebuild and the daily work are the same path. */
@Injectable()
export class FollowLog implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopped = false;
  private caughtUp = false;
  private following: Promise<void> = Promise.resolve();

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Expiry) private readonly expiry: Expiry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.following = this.follow();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.following;
  }

  /** @throws CountersignError approval_unavailable until the directory holds everything that was recorded before the start */
  requireCaughtUp(): void {
    if (!this.caughtUp)
      throw new CountersignError('approval_unavailable', 'the approvals are being rebuilt from the log');
  }

  private async follow(): Promise<void> {
    let after: string | undefined;
    while (!this.stopped) {
      try {
        const page = await this.bus.request(ledgerReadAll, {
          limit: 500,
          types: TYPES,
          wait_ms: this.caughtUp ? 500 : 0,
          ...(after === undefined ? {} : { after }),
        });
        for (const event of page.events) this.apply(event);
        after = page.scannedTo ?? after;
        if (page.events.length === 0 && !this.caughtUp) {
          this.caughtUp = true;
          await this.expiry.rebuild();
        }
      } catch (error) {
        this.logger.debug({ code: (error as CountersignError).code }, 'cannot follow the log just now');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private apply(event: WireEvent): void {
    const entry = readEntry(event.entry);
    if (event.stream.startsWith('approval-')) {
      this.directory.applyApproval(event.stream.slice('approval-'.length), entry, event.attachment);
    } else if (event.stream.startsWith('call-')) {
      const ended = knownEvent<HoldEnded>(entry);
      if (ended !== undefined) this.directory.applyHoldEnd(ended.data);
    }
  }
}
