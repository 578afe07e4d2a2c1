import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Alarm } from '#core/alarm/alarm.events.js';
import type { EventStore } from '#event-store/event-store.js';
import type { NoteSigner } from '#tlog/note-key.js';
import { Cosigning } from './cosigning.js';
import { LogFinding } from './log-finding.js';
import type { LogTree } from './log-tree.js';
import { LogBroken, type OpenLog, openLog } from './open-log.js';
import type { Quorum } from './quorum.js';
import { SelfCheck } from './self-check.js';
import { Sequencer } from './sequencer.js';
import { SignedCheckpoints } from './signed-checkpoints.js';
import { type Authority, Stamping } from './stamping.js';
import type { Reached } from './steps.js';

/** Rounds between two checkpoints: what a receipt waits for is then at most a quarter more than that time. */
const ROUNDS_PER_CHECKPOINT = 4;
const RETRY_AFTER_MS = 1_000;

export interface MerkleLogOptions {
  readonly store: EventStore;
  /** Of the tiles; made if missing. */
  readonly folder: string;
  readonly origin: string;
  readonly signer: NoteSigner;
  readonly quorum: Quorum;
  readonly checkpoint_every_ms: number;
  readonly heartbeat_every_ms: number;
  readonly self_check?: { readonly every_ms: number; readonly entries: number };
  readonly timestamp_authority?: Authority | undefined;
  /** Time between two requests to a witness. */
  readonly ask_every_ms?: number;
  readonly logger: Logger;
  readonly raiseAlarm: (alarm: Alarm) => Promise<void>;
  /** Tests end the process at a step. */
  readonly reached?: Reached;
}

/** `broken`: nothing is signed any more; calls go on. */
export type LogPhase = 'opening' | 'running' | 'broken' | 'closed';

/** The Merkle log of a store: opens it, keeps it growing, signs checkpoints, and stops signing when something is wrong. */
export class MerkleLog {
  readonly checkpoints: SignedCheckpoints;
  private current: LogPhase = 'opening';
  private opened: OpenLog | undefined;
  private readable: LogTree | undefined;
  private found: LogFinding | undefined;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly options: MerkleLogOptions) {
    this.checkpoints = new SignedCheckpoints(options);
  }

  get phase(): LogPhase {
    return this.current;
  }

  /** Why nothing is signed. */
  get finding(): LogFinding | undefined {
    return this.found;
  }

  /** What proofs and tiles are made from; undefined until the log is open, or when it could not be opened. */
  get tree(): LogTree | undefined {
    return this.readable;
  }

  get follower(): OpenLog['follower'] | undefined {
    return this.opened?.follower;
  }

  /** Begins in the background: reading a large store into the log delays no call. */
  start(): void {
    this.running ??= this.run();
  }

  /** With a last checkpoint, so that a log that ends well covers all it has. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.readable?.close();
    this.current = 'closed';
  }

  /** Store and log contradict each other: alarm, and no signature any more. Calls go on. */
  async stopSigning(finding: LogFinding): Promise<void> {
    this.found ??= finding;
    this.current = 'broken';
    await this.raise(finding);
  }

  private async run(): Promise<void> {
    while (!this.isStopped() && this.current !== 'broken') {
      try {
        await this.open();
        await this.rounds();
      } catch (error) {
        await this.fail(error);
      }
    }
  }

  private async open(): Promise<void> {
    if (this.opened !== undefined) return;
    const { options, checkpoints } = this;
    const opened = await openLog({
      ...options,
      checkpoints,
      isStopped: () => this.isStopped(),
      onCosigned: (event) => checkpoints.cosign(event),
      onRepaired: (finding) => this.raise(finding),
    });
    // Stopped on the way: the tree does not reach the end of the store.
    if (this.isStopped()) return opened.tree.close();
    this.opened = opened;
    this.readable = opened.tree;
    checkpoints.publishIn(opened.tree.files);
    this.current = 'running';
  }

  private async rounds(): Promise<void> {
    const { opened, options, checkpoints } = this;
    if (opened === undefined) return;
    const sequencer = new Sequencer({ ...options, ...opened, checkpoints });
    // After a round that failed they begin anew: what they have found out is soon found out again.
    const selfCheck = new SelfCheck({ ...options, ...opened, checkpoints });
    const cosigning = new Cosigning({
      ...options,
      ...opened,
      checkpoints,
      onFork: (found) => this.stopSigning(found),
    });
    const stamping = new Stamping({ ...options, checkpoints });
    const pause_ms = options.checkpoint_every_ms / ROUNDS_PER_CHECKPOINT;
    try {
      while (!this.isStopped() && this.current === 'running') {
        await sequencer.round();
        cosigning.step();
        stamping.step();
        await selfCheck.step();
        await this.pause(pause_ms);
      }
    } finally {
      await Promise.all([cosigning.close(), stamping.close()]);
    }
    if (this.current === 'running') await sequencer.round({ now: true });
  }

  private async fail(error: unknown): Promise<void> {
    if (error instanceof LogBroken) {
      this.readable = error.tree;
      return this.stopSigning(error.finding);
    }
    if (error instanceof LogFinding) return this.stopSigning(error);
    // The store or the disk is away, or an outcome is unknown: what is on record is looked at anew.
    this.options.logger.warn({ err: error }, 'the log could not go on; it tries again');
    await this.pause(RETRY_AFTER_MS);
  }

  private raise({ kind, index, message }: LogFinding): Promise<void> {
    return this.options.raiseAlarm({ kind, detail: message, about: { index } });
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
