import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { LogFollower } from '#bus/log-follower.js';
import type { WireEvent } from '#contracts/ledger.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { ACTIVATION_STREAM, type PolicyActivated } from '#core/policy/policy.events.js';
import { type ActivationState, evolveActivation, NOTHING_ACTIVE } from '#core/policy/proposal/activation.js';
import {
  PROPOSAL_EVENT_TYPES,
  type ProposalEvent,
  proposalOfStream,
} from '#core/policy/proposal/proposal.events.js';
import { evolveProposal, type KnownProposal, NO_PROPOSAL } from '#core/policy/proposal/proposal.state.js';
import { LOGGER } from '#http/platform.module.js';

/** Texts of policies travel with their proposals: so many fit into one message of the bus (PROPOSAL_BYTES_MAX). */
const PAGE = 16;
/** An activation at one replica is seen by the others within this time and the time of one read. */
const FOLLOW_MS = 500;
/** Ended proposals beyond these are still read by their id. */
const LISTED_MAX = 1_000;

export interface ListedProposal {
  readonly id: string;
  readonly proposedAt: string;
  /** Of the last event that is folded in. */
  readonly revision: number;
  readonly state: KnownProposal;
}

/** Activations and proposals, folded from the log and followed: the rebuild at start and the daily work are the same path. */
@Injectable()
export class PolicyLog {
  private readonly log: LogFollower;
  private readonly listed = new Map<string, ListedProposal>();
  private now = NOTHING_ACTIVE;
  private old = NOTHING_ACTIVE;
  private last: Entry | undefined;
  private unread = false;
  private listener: () => void = () => undefined;

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
    });
  }

  /** @param onChanged called after each page with something new; must not throw */
  start(onChanged: () => void): void {
    this.listener = onChanged;
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
    return [...this.listed.values()].reverse();
  }

  private take({ stream, entry: bytes }: WireEvent): void {
    const entry = readEntry(bytes);
    if (entry.type === 'PolicyActivated') this.takeActivation(stream, entry);
    else this.takeProposal(stream, entry);
  }

  private takeProposal(stream: string, entry: Entry): void {
    const id = proposalOfStream(stream);
    const event = knownEvent<ProposalEvent>(entry);
    if (id === undefined || event === undefined) return;
    const known = this.listed.get(id);
    if (known !== undefined && entry.revision <= known.revision) return;
    const state = evolveProposal(known?.state ?? NO_PROPOSAL, event);
    if (state.status === 'none') return;
    const proposedAt = known?.proposedAt ?? entry.time;
    this.listed.set(id, { id, proposedAt, revision: entry.revision, state });
    this.forgetOldest();
  }

  private takeActivation(stream: string, entry: Entry): void {
    const event = knownEvent<PolicyActivated>(entry);
    this.unread = event === undefined;
    if (event === undefined) return;
    this.now = evolveActivation(this.now, event);
    if (stream !== ACTIVATION_STREAM) this.old = evolveActivation(this.old, event);
    this.last = entry;
  }

  private forgetOldest(): void {
    if (this.listed.size <= LISTED_MAX) return;
    for (const [id, { state }] of this.listed) {
      if (state.status === 'pending') continue;
      this.listed.delete(id);
      return;
    }
  }
}
