import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from '#config/config.schema.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { setDegraded } from '#service/degraded.js';
import { logCheckpointAge, logSigning, logSize, logWitnessed } from '#telemetry/log-metrics.js';
import { formatVerifierKey, type NoteSigner } from '#tlog/note-key.js';
import { Alarms } from '../alarms/alarms.js';
import { Ledger } from '../ledger.js';
import { openLogSigner } from './log-key.js';
import { assertSameOrigin, originOf } from './log-origin.js';
import { MerkleLog } from './merkle-log.js';
import { openQuorum, type Quorum } from './quorum.js';

const REPORT_EVERY_MS = 1_000;
/** How much later than a heartbeat the quorum may come before it is said to be missing. */
const WITNESSED_GRACE_MS = 30_000;

/** The Merkle log as a part of the ledger service: opened when the service starts, closed before its store. */
@Injectable()
export class LedgerLog implements OnApplicationBootstrap, OnApplicationShutdown {
  private opened:
    | {
        readonly log: MerkleLog;
        readonly vkey: string;
        readonly quorum: Quorum;
        /** Signs what this log vouches for: its checkpoints and the manifests of evidence packs, nothing else. */
        readonly signer: NoteSigner;
      }
    | undefined;
  private reporting: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Alarms) private readonly alarms: Alarms,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  get origin(): string {
    return originOf(this.config);
  }

  /** @throws Error before the service has started */
  get state() {
    if (this.opened === undefined) throw new Error('the log is not open');
    return this.opened;
  }

  /** @throws ConfigError when the log has another name, or a key or policy file cannot be read */
  async onApplicationBootstrap(): Promise<void> {
    const { store } = this.ledger;
    const { origin, config, logger } = this;
    await assertSameOrigin(store, origin);
    const signer = await openLogSigner(config, origin);
    const quorum = openQuorum(config.log);
    const log = new MerkleLog({
      store,
      folder: join(config.data_dir, 'log'),
      origin,
      signer,
      quorum,
      checkpoint_every_ms: config.log.checkpoint_every_ms,
      heartbeat_every_ms: config.log.heartbeat_every_ms,
      timestamp_authority: config.log.timestamp_authority,
      logger,
      raiseAlarm: (alarm) => this.alarms.raiseAlarm(alarm),
    });
    this.opened = { log, vkey: formatVerifierKey(signer.verifier), quorum, signer };
    log.start();
    this.reporting = setInterval(() => this.report(), REPORT_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.reporting);
    await this.opened?.log.close();
  }

  private report(): void {
    const { log, quorum } = this.state;
    const { latest, publishedAt, witnessedAt } = log.checkpoints;
    logSize.set(latest?.size ?? 0);
    logSigning.set(log.phase === 'running' ? 1 : 0);
    logCheckpointAge.set((performance.now() - publishedAt) / 1_000);
    setDegraded('log', log.finding === undefined ? undefined : `${log.finding.kind}: ${log.finding.message}`);
    if (!quorum.isWanted) return;
    const age_max_ms = this.config.log.heartbeat_every_ms + WITNESSED_GRACE_MS;
    const isWitnessed = witnessedAt !== undefined && performance.now() - witnessedAt < age_max_ms;
    logWitnessed.set(isWitnessed ? 1 : 0);
    setDegraded('log_witnesses', isWitnessed ? undefined : 'the quorum of witnesses is not met');
  }
}
