import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { LogFollower } from '#bus/log-follower.js';
import type { WireEvent } from '#contracts/ledger.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { ACTIVATION_STREAM, type PolicyActivated } from '#core/policy/policy.events.js';
import { type ActivationState, evolveActivation, NOTHING_ACTIVE } from '#core/policy/proposal/activation.js';
import { PROPOSAL_EVENT_TYPES } from '#core/policy/proposal/proposal.events.js';
import { LOGGER } from '#http/platform.module.js';
import { type ListedProposal, ListedProposals } from './listed-proposals.js';

/** Texts of policies travel with their proposals: so many fit into one message of the bus (PROPOSAL_BYTES_MAX). */
const PAGE = 16;
/** An activation at one replica is seen by the others within this time and the time of one read. */
const FOLLOW_MS = 500;
/** Activations and proposals, folded from the log and followed: the rebuild at start and the daily work are the same path. */
@Injectable()
export class PolicyLog {
  private readonly log: LogFollower;
  private readonly listed = new ListedProposals();
  private now = NOTHING_ACTIVE;
  private old = NOTHING_ACTIVE;
  private last: Entry | undefined;
  private unread = false;
  private listener: () => void = () => undefined;
  private atEnd: () => void = () => undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(@Inject(BUS) bus: Bus, @Inject(LOGGER) logger: Logger) {
    this.log = new LogFollower(bus, logger, {
      types: ['PolicyActivated', ...PROPOSAL_EVENT_TYPES],
      page: PAGE,
      wait_ms: 0,
      pause_ms: FOLLOW_MS,
      onEvents: (events) => {
        for (const event of events) this.take(event);
        if (events.length > 0) this.listener();
      },
      onEnd: (asOf) => {
        this.readAt = asOf;
        this.atEnd();
      },
    });
  }

  /**
   * @param onChanged called after each page with something new; must not throw
   * @param onEnd called whenever the end of the log has been seen; must not throw
   */
  start(onChanged: () => void, onEnd: () => void): void {
    this.listener = onChanged;
    this.atEnd = onEnd;
    this.log.start();
  }

  stop(): Promise<void> {
    return this.log.stop();
  }

  get caughtUp(): Promise<void> {
    return this.log.caughtUp;
  }

  /** @throws CountersignError ledger_unavailable */
  catchUp(): Promise<void> {
    return this.log.catchUp();
  }

  /** What this says is at least as new as the log was at that moment, by `performance.now()`. */
  get asOf(): number {
    return this.readAt;
  }

  get activations(): ActivationState {
    return this.now;
  }

  /** Those from before there was one line of them. */
  get oldActivations(): ActivationState {
    return this.old;
  }

  /** When the active policy became active. */
  get activeSince(): string | null {
    return this.last?.time ?? null;
  }

  /** The last activation may be one that this release cannot read. */
  get hasUnread(): boolean {
    return this.unread;
  }

  /** Newest first. */
  proposals(): readonly ListedProposal[] {
    return this.listed.newestFirst();
  }

  private take({ stream, entry: bytes }: WireEvent): void {
    const entry = readEntry(bytes);
    if (entry.type === 'PolicyActivated') this.takeActivation(stream, entry);
    else this.listed.take(stream, entry);
  }

  private takeActivation(stream: string, entry: Entry): void {
    const event = knownEvent<PolicyActivated>(entry);
    this.unread = event === undefined;
    if (event === undefined) return;
    this.now = evolveActivation(this.now, event);
    if (stream !== ACTIVATION_STREAM) this.old = evolveActivation(this.old, event);
    this.last = entry;
  }
}
