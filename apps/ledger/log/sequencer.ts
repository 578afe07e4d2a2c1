import { CHECKPOINTS_STREAM, type CheckpointRecorded } from '#core/log/log.events.js';
import { type EventStore, WrongRevision } from '#event-store/event-store.js';
import { verifyConsistency } from '#tlog/verify-proof.js';
import type { Follower, Recorded } from './follower.js';
import { LogFinding } from './log-finding.js';
import type { LogTree } from './log-tree.js';
import { recordLogEvent } from './record-log-event.js';
import type { SignedCheckpoints } from './signed-checkpoints.js';
import { NOWHERE, type Reached } from './steps.js';

export interface SequencerOptions {
  readonly store: EventStore;
  readonly tree: LogTree;
  readonly follower: Follower;
  readonly checkpoints: SignedCheckpoints;
  readonly origin: string;
  readonly checkpoint_every_ms: number;
  readonly heartbeat_every_ms: number;
  readonly reached?: Reached;
}

/**
 * One round: follow the store, and if it is time record a checkpoint, then sign and publish it. Any number of sequencers
 * may do this; the revision of the stream of checkpoints lets one of them win each time, and the others follow.
 */
export class Sequencer {
  private readonly reached: Reached;

  constructor(private readonly options: SequencerOptions) {
    this.reached = options.reached ?? NOWHERE;
  }

  /**
   * @throws LogFinding when store and log contradict each other: nothing may be signed any more
   * @throws StoreUnavailable, StoreFull, UnknownOutcome: the next round sees what became of it
   */
  async round({ now = false } = {}): Promise<void> {
    const { tree, follower, checkpoints } = this.options;
    await follower.toHead();
    if (this.isDue(now)) {
      await tree.flush();
      await this.assertExtendsLast();
      // The tiles can answer for the new size. A crash up to here leaves no trace of it in the store.
      await this.record({ size: tree.size, root: tree.root() });
    }
    const { recorded } = follower;
    if (recorded === undefined || recorded.size <= (checkpoints.latest?.size ?? 0)) return;
    // One that was recorded before a crash, or by somebody else: it was compared with this tree, so it may be signed.
    if (tree.durableSize < recorded.size) await tree.flush();
    await checkpoints.publish(recorded);
    await tree.removeStaleTiles();
  }

  private isDue(now: boolean): boolean {
    const { follower, checkpoint_every_ms, heartbeat_every_ms } = this.options;
    const age_ms =
      follower.recorded === undefined ? Number.POSITIVE_INFINITY : performance.now() - follower.recordedAt;
    if (follower.isBusy && (now || age_ms >= checkpoint_every_ms)) return true;
    return age_ms >= heartbeat_every_ms;
  }

  /** From the tiles as they lie on the disk, so that a fault between memory and disk is found before anything is signed. */
  private async assertExtendsLast(): Promise<void> {
    const { tree, follower } = this.options;
    const { recorded } = follower;
    if (recorded === undefined) return;
    const proof = await tree.consistency(recorded.size, tree.size);
    try {
      verifyConsistency({
        first: recorded.size,
        firstRoot: recorded.root,
        second: tree.size,
        secondRoot: tree.root(),
        proof,
      });
    } catch (error) {
      throw new LogFinding('log_tile_differs', 0, (error as Error).message);
    }
  }

  private async record({ size, root }: Recorded): Promise<void> {
    const { store, follower, origin } = this.options;
    const expected = follower.revisionOf(CHECKPOINTS_STREAM);
    const event: CheckpointRecorded = {
      type: 'CheckpointRecorded',
      v: 1,
      data: { origin, size, root: Buffer.from(root).toString('base64') },
    };
    try {
      const { revision } = await recordLogEvent(store, CHECKPOINTS_STREAM, expected, event);
      // On record, not signed: the next start finds it in the store, compares it and signs the same bytes.
      this.reached('checkpoint_recorded');
      follower.stored({ size, root }, revision);
    } catch (error) {
      // Another sequencer has recorded one: it comes along in the store, and is compared and published like an own one.
      if (!(error instanceof WrongRevision)) throw error;
      await follower.toHead();
    }
  }
}
