import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { LogFollower } from '#bus/log-follower.js';
import type { WireEvent } from '#contracts/ledger.js';
import { APPROVAL_EVENT_TYPES } from '#core/approval/approval.events.js';
import type { CallHeld, HoldEnded } from '#core/call/call.events.js';
import { DELEGATION_EVENT_TYPES } from '#core/delegation/delegation.events.js';
import { CountersignError } from '#core/errors.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { LOGGER } from '#http/platform.module.js';
import { DelegationDirectory } from './delegation/delegation-directory.js';
import { Directory } from './directory.js';
import { EarlierApprovals } from './earlier-approvals.js';
import { EmergencyAlarms } from './emergency-alarms.js';
import { Expiry } from './expiry.js';
import { Outbox } from './notify/outbox.js';
import { SignedOut } from './page/signed-out.js';

const TYPES = [
  ...APPROVAL_EVENT_TYPES,
  'CallHeld',
  'HoldEnded',
  'NoticeIntended',
  'NoticeSent',
  'NoticeFailed',
  'AlarmRaised',
  ...DELEGATION_EVENT_TYPES,
  'PageSessionEnded',
];
const PAGE = 500;
/** An approval is seen as soon as the ledger has it: it answers when there is something new. */
const WAIT_MS = 500;

/** Follows the log for approvals. A start begins where all that is older has ended, or is read first, and is then the daily work. */
@Injectable()
export class FollowLog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log: LogFollower;

  constructor(
    @Inject(BUS) bus: Bus,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(DelegationDirectory) private readonly delegations: DelegationDirectory,
    @Inject(Expiry) private readonly expiry: Expiry,
    @Inject(EarlierApprovals) earlier: EarlierApprovals,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(EmergencyAlarms) private readonly alarms: EmergencyAlarms,
    @Inject(SignedOut) private readonly signedOut: SignedOut,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.log = new LogFollower(bus, logger, {
      types: TYPES,
      attachments: false,
      page: PAGE,
      wait_ms: WAIT_MS,
      pause_ms: 0,
      beginAfter: () => earlier.read((event) => this.apply(event)),
      onEvents: (events) => {
        for (const event of events) this.apply(event);
        this.directory.tidy();
        this.delegations.tidy();
      },
      onCaughtUp: async () => {
        await this.expiry.rebuild();
        this.outbox.start();
        this.alarms.start();
      },
    });
  }

  onApplicationBootstrap(): void {
    this.log.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.log.stop();
  }

  /** @throws CountersignError approval_unavailable until the directory holds everything that was recorded before the start */
  requireCaughtUp(): void {
    if (!this.log.isCaughtUp)
      throw new CountersignError('approval_unavailable', 'the approvals are being rebuilt from the log');
  }

  private apply(event: WireEvent): void {
    const entry = readEntry(event.entry);
    if (event.stream.startsWith('approval-')) {
      const approvalId = event.stream.slice('approval-'.length);
      this.directory.applyApproval(approvalId, entry);
      this.directory.noteChange(approvalId, BigInt(event.position));
    } else if (event.stream.startsWith('delegation-')) {
      this.delegations.apply(event.stream.slice('delegation-'.length), entry);
    } else if (event.stream.startsWith('session-')) {
      this.signedOut.apply(event.stream.slice('session-'.length), entry, Date.now());
    } else if (event.stream.startsWith('call-')) {
      const known = knownEvent<CallHeld | HoldEnded>(entry);
      if (known?.type === 'HoldEnded') {
        this.directory.applyHoldEnd(known.data);
        this.directory.noteChange(known.data.approvalId, BigInt(event.position));
      }
      if (known?.type === 'CallHeld') this.applyHeld(event.stream.slice('call-'.length), known.data);
    }
    this.outbox.observe(event);
    this.alarms.observe(event);
  }

  private applyHeld(callId: string, held: CallHeld['data']): void {
    this.directory.applyHeld(callId, held);
    // What was held before the start is looked at once all of it is known.
    if (this.log.isCaughtUp) void this.expiry.watchUnasked(held.approvalId, held.expiresAt);
  }
}
