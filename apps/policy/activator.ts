import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream } from '#bus/decide-on-stream.js';
import type { Config } from '#config/config.schema.js';
import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { ACTIVATION_STREAM, type PolicyActivated } from '#core/policy/policy.events.js';
import {
  type ActivationState,
  decideFileActivation,
  decideProposalActivation,
  evolveActivation,
} from '#core/policy/proposal/activation.js';
import { decideProposalLook } from '#core/policy/proposal/decide-proposal.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { ActivePolicy } from './active-policy.js';
import { Bundles } from './bundles.js';
import { type CompiledFile, POLICY_FILE } from './policy-file.js';
import { PolicyLog } from './policy-log.js';
import { INSTANCE, POLICY_SERVICE } from './policy-service.js';
import { ProposalStreams } from './proposal-streams.js';

const RETRY_MS = 500;
/** Expiries are put on record within this time. */
const LOOK_MS = 5_000;
/** The start of the process waits so long for the policy; without the ledger it goes on and refuses all decisions. */
const START_MS = 3_000;

/**
 * Brings this process to the policy that the log says is active, and the log to what is due: the file at start, approved
 * proposals, ends of proposals. Every replica does the same; the revision of the activations elects who writes.
 */
@Injectable()
export class Activator implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly hasPolicy = Promise.withResolvers<void>();
  private wakeUp = Promise.withResolvers<void>();
  private settling: Promise<void> = Promise.resolve();
  private running: Promise<void> = Promise.resolve();
  private hasBegun = false;
  private refreshing: Promise<void> | undefined;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(POLICY_FILE) private readonly file: CompiledFile,
    @Inject(Bundles) private readonly bundles: Bundles,
    @Inject(ActivePolicy) private readonly active: ActivePolicy,
    @Inject(PolicyLog) private readonly log: PolicyLog,
    @Inject(ProposalStreams) private readonly proposals: ProposalStreams,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.log.start(
      () => this.wakeUp.resolve(),
      () => this.confirm(),
    );
    this.running = this.run();
    const { signal } = this.stopping;
    await Promise.race([
      this.hasPolicy.promise,
      pause(START_MS, undefined, { signal, ref: false }).catch(() => undefined),
    ]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.wakeUp.resolve();
    await this.log.stop();
    await this.running;
  }

  /** This process decides by what is active once this returns. @throws CountersignError ledger_*, policy_unavailable */
  settle(): Promise<void> {
    const next = this.settling.then(() => this.step());
    this.settling = next.catch(() => undefined);
    return next;
  }

  /**
   * For who was told that the policy with this digest is not the active one any more, and for all when the log has been
   * silent for too long. However many ask, the log is read on once; what cannot be read leaves everything as it is.
   */
  async refresh(stale: Digest | undefined): Promise<void> {
    // The look that is under way may have begun before the other policy was activated.
    for (let look = 1; look <= 2 && !this.isFresh(stale); look++) {
      this.refreshing ??= this.settle()
        .catch(() => undefined)
        .finally(() => {
          this.refreshing = undefined;
        });
      await this.refreshing;
    }
  }

  private isFresh(stale: Digest | undefined): boolean {
    return this.active.isConfirmed && (stale === undefined || !this.active.is(stale));
  }

  private confirm(): void {
    const { active } = this.log.activations;
    if (active !== null && this.active.is(active.digest)) this.active.confirm(this.log.asOf);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    await Promise.race([this.log.caughtUp, this.aborted()]);
    while (!signal.aborted) {
      this.wakeUp = Promise.withResolvers<void>();
      let rest_ms = LOOK_MS;
      try {
        await this.settle();
      } catch (error) {
        rest_ms = RETRY_MS;
        const about = error instanceof CountersignError ? { code: error.code } : { err: error };
        this.logger.warn(about, 'what the log says of the policy cannot be followed just now');
      }
      await Promise.race([
        ...(rest_ms === LOOK_MS ? [this.wakeUp.promise] : []),
        pause(rest_ms, undefined, { signal, ref: false }).catch(() => undefined),
      ]);
    }
  }

  private aborted(): Promise<void> {
    const { signal } = this.stopping;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private async step(): Promise<void> {
    await this.log.catchUp();
    if (this.log.hasUnread) {
      this.active.stop('the active policy was activated by a newer release');
      throw new CountersignError('policy_unavailable', 'the last activation cannot be read');
    }
    if (!this.hasBegun) await this.begin();
    await this.switchOver();
    const isDue = await this.activateApproved();
    if (isDue) await this.switchOver();
    await this.lookAtOpen();
  }

  private async begin(): Promise<void> {
    const { digest, bundle } = this.file;
    const file = { digest, mode: this.config.mode, instance: INSTANCE };
    if (decideFileActivation(this.log.activations, file).length > 0) {
      await this.bundles.record(digest, bundle);
      await this.append((state) => decideFileActivation(state, file));
    }
    this.hasBegun = true;
    if (this.log.activations.active?.digest !== digest)
      this.logger.warn(
        { policy_file: this.config.policy_file, digest, active: this.log.activations.active?.digest },
        'the policy file is not the active policy, and a restart does not activate it: countersign policy propose FILE',
      );
  }

  private async switchOver(): Promise<void> {
    const { active } = this.log.activations;
    if (active === null || this.active.is(active.digest)) return;
    const { digest, proposal } = active;
    try {
      this.active.switchTo(digest, await this.bundles.load(digest));
    } catch (error) {
      // Only what can never be read ends the decisions by the policy before; an absent ledger refuses every call anyway.
      if ((error as CountersignError).code === 'policy_unavailable')
        this.active.stop('the active policy cannot be read');
      throw error;
    }
    this.confirm();
    this.logger.info({ digest, proposal }, 'decides by this policy now');
    await this.warnWithoutOwners();
    this.hasPolicy.resolve();
  }

  private async warnWithoutOwners(): Promise<void> {
    const { owners } = this.config.policy;
    const { policy } = this.active.get();
    if (
      this.config.mode === 'production' &&
      !owners.some((owner) => Object.hasOwn(policy.bundle.roles, owner))
    )
      this.logger.warn(
        { owners },
        'the active policy has no role of policy.owners: nobody can propose another one',
      );
  }

  /** A crash between the vote and this leaves an approved proposal, which the next look of any replica activates. */
  private async activateApproved(): Promise<boolean> {
    const approved = this.log
      .proposals()
      .filter(({ id, state }) => state.status === 'approved' && !this.log.activations.proposals.has(id));
    for (const { id, state } of approved.reverse()) {
      const proposal = { id, state, instance: INSTANCE, now: new Date().toISOString() };
      await this.append((current) => decideProposalActivation(current, proposal)).catch((error: unknown) => {
        // The ledger has seen another activation, or the end of the proposal, first.
        if ((error as CountersignError).code !== 'approval_stale') throw error;
      });
    }
    return approved.length > 0;
  }

  private async lookAtOpen(): Promise<void> {
    const { active, proposals } = this.log.activations;
    if (active === null) return;
    const now = new Date().toISOString();
    const due = this.log
      .proposals()
      .filter(
        ({ id, state }) => !proposals.has(id) && decideProposalLook(state, now, active.digest).length > 0,
      );
    for (const { id } of due)
      await this.proposals.execute(id, POLICY_SERVICE, (state) =>
        decideProposalLook(state, now, active.digest),
      );
    if (due.length > 0) await this.log.catchUp();
  }

  private async append(decide: (state: ActivationState) => readonly PolicyActivated[]): Promise<void> {
    await decideOnStream<ActivationState, PolicyActivated>(this.bus, {
      stream: ACTIVATION_STREAM,
      initial: this.log.oldActivations,
      evolve: evolveActivation,
      decide,
      actor: POLICY_SERVICE,
      correlation: ({ active }) => active?.digest ?? this.file.digest,
      causation: INSTANCE,
    });
    await this.log.catchUp();
  }
}
