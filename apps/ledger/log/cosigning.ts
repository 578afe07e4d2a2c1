import type { Logger } from 'pino';
import type { Alarm } from '#core/alarm/alarm.events.js';
import { type CheckpointCosigned, COSIGNATURES_STREAM } from '#core/log/log.events.js';
import type { EventStore } from '#event-store/event-store.js';
import { parseCheckpoint } from '#tlog/checkpoint.js';
import { sameHash } from '#tlog/merkle.js';
import { parseNote, verifyNote } from '#tlog/note.js';
import type { NoteVerifier } from '#tlog/note-key.js';
import { LogFinding } from './log-finding.js';
import type { LogTree } from './log-tree.js';
import type { Quorum, Witness } from './quorum.js';
import { recordAtEnd } from './record-log-event.js';
import type { SignedCheckpoint, SignedCheckpoints } from './signed-checkpoints.js';
import { addCheckpoint, lastCosigned, type WitnessAnswer } from './witness-client.js';

const ASK_EVERY_MS = 10_000;
const DEADLINE_MS = 1_000;

export interface CosigningOptions {
  readonly store: EventStore;
  readonly tree: LogTree;
  readonly checkpoints: SignedCheckpoints;
  readonly origin: string;
  readonly signer: { readonly verifier: NoteVerifier };
  readonly quorum: Quorum;
  readonly logger: Logger;
  readonly ask_every_ms?: number;
  readonly raiseAlarm: (alarm: Alarm) => Promise<void>;
  /** A witness has what we signed once, and it is not what we have now. */
  readonly onFork: (finding: LogFinding) => Promise<void>;
}

/** What is known of one witness in this run; its own word about its size comes with its first answer. */
interface Asked {
  readonly witness: Witness;
  size: number;
  asked_at: number;
  isUnderWay: boolean;
  contradictions: number;
}

/** Has checkpoints cosigned in the background: nobody waits for a witness. */
export class Cosigning {
  private readonly asked: readonly Asked[];
  private readonly under_way = new Set<Promise<void>>();

  constructor(private readonly options: CosigningOptions) {
    this.asked = options.quorum.witnesses.map((witness) => ({
      witness,
      size: 0,
      asked_at: Number.NEGATIVE_INFINITY,
      isUnderWay: false,
      contradictions: 0,
    }));
  }

  /** Asks whoever has not been asked for a while, if there is something to cosign. */
  step(): void {
    const { checkpoints, ask_every_ms = ASK_EVERY_MS } = this.options;
    const { latest } = checkpoints;
    if (latest === undefined) return;
    for (const asked of this.asked) {
      const isDue = performance.now() - asked.asked_at >= ask_every_ms;
      if (asked.isUnderWay || !isDue || asked.size === latest.size) continue;
      asked.isUnderWay = true;
      asked.asked_at = performance.now();
      const asking = this.ask(asked, latest)
        .catch((error: unknown) => this.say(asked, (error as Error).message))
        .finally(() => {
          asked.isUnderWay = false;
          this.under_way.delete(asking);
        });
      this.under_way.add(asking);
    }
  }

  /** Waits for what is under way; that is bounded by the deadlines. */
  async close(): Promise<void> {
    await Promise.all(this.under_way);
  }

  private async ask(asked: Asked, latest: SignedCheckpoint): Promise<void> {
    let answer = await this.submit(asked, latest);
    if (answer.kind === 'conflict' && answer.size <= latest.size) {
      asked.size = answer.size;
      answer = await this.submit(asked, latest);
    }
    if (answer.kind === 'cosigned') return this.take(asked, latest, answer.lines);
    if (answer.kind === 'failed') return this.say(asked, answer.why);
    await this.contradicted(asked, answer);
  }

  private async submit(asked: Asked, { size, note }: SignedCheckpoint): Promise<WitnessAnswer> {
    const old_size = Math.min(asked.size, size);
    const proof = await this.options.tree.consistency(old_size, size);
    return addCheckpoint(asked.witness.url, { old_size, proof, note }, DEADLINE_MS);
  }

  private async take(asked: Asked, signed: SignedCheckpoint, lines: readonly string[]): Promise<void> {
    const { store, checkpoints, quorum } = this.options;
    const { name, keyId } = asked.witness.verifier;
    const text = checkpoints.text(signed);
    const line = lines.find((candidate) => quorum.keyIdOf(text, candidate) === keyId);
    if (line === undefined) return this.say(asked, 'its answer has no cosignature of its key');
    asked.size = signed.size;
    asked.contradictions = 0;
    const root = Buffer.from(signed.root).toString('base64');
    const event: CheckpointCosigned = {
      type: 'CheckpointCosigned',
      v: 1,
      data: { size: signed.size, root, witness: name, line },
    };
    await recordAtEnd(store, COSIGNATURES_STREAM, event);
    await checkpoints.cosign(event.data);
  }

  /**
   * The witness knows a log that ours does not extend. Its word alone is an alarm; a checkpoint that it has with our own
   * signature proves that history was changed here, and nothing is signed any more.
   */
  private async contradicted(
    asked: Asked,
    answer: Extract<WitnessAnswer, { kind: 'conflict' | 'inconsistent' }>,
  ): Promise<void> {
    const { tree, origin, raiseAlarm, onFork } = this.options;
    // Another replica may have gone ahead of this one: by the next time this one has followed.
    asked.contradictions += 1;
    if (asked.contradictions < 2 || (answer.kind === 'conflict' && answer.size <= tree.size)) return;
    const { name } = asked.witness.verifier;
    const known = await lastCosigned(asked.witness.url, origin, DEADLINE_MS);
    const index = known === undefined ? undefined : await this.contradicts(known);
    if (index !== undefined)
      return onFork(
        new LogFinding(
          'log_fork',
          index,
          `the witness ${name} has a checkpoint of ours that this log does not extend`,
        ),
      );
    await raiseAlarm({
      kind: 'log_fork',
      detail: `the witness ${name} says that this is not the log it has cosigned`,
      about: { witness: name, ...(answer.kind === 'conflict' ? { size: answer.size } : {}) },
    });
  }

  /** Where the tree stops to be the one of a checkpoint that we once signed; undefined when it is that, or not ours. */
  private async contradicts(note: Buffer): Promise<number | undefined> {
    const { tree, origin, signer } = this.options;
    try {
      const parsed = parseNote(note);
      verifyNote(parsed, [signer.verifier]);
      const { origin: named, size, root } = parseCheckpoint(parsed.text);
      if (named !== origin) return undefined;
      if (size > tree.size) return tree.size;
      return sameHash(await tree.rootAt(size), root) ? undefined : 0;
    } catch {
      return undefined;
    }
  }

  private say({ witness }: Asked, why: string): void {
    this.options.logger.warn({ witness: witness.verifier.name, why }, 'a witness has not cosigned');
  }
}
