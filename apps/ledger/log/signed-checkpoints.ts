import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckpointCosigned } from '#core/log/log.events.js';
import { formatCheckpoint, parseCheckpoint } from '#tlog/checkpoint.js';
import type { Hash } from '#tlog/merkle.js';
import { parseNote, signNote, verifyNote } from '#tlog/note.js';
import type { NoteSigner } from '#tlog/note-key.js';
import type { DurableFiles } from './durable-files.js';
import type { Recorded } from './follower.js';
import type { Quorum } from './quorum.js';
import type { Reached } from './steps.js';

/** Checkpoints with cosignatures that are remembered besides the last one that met the quorum. */
const COSIGNED_MAX = 64;
const CHECKPOINT_FILE = 'checkpoint';

export interface SignedCheckpoint extends Recorded {
  /** The signed note, cosignatures included. */
  readonly note: string;
  /** The quorum of witnesses has cosigned it. */
  readonly witnessed: boolean;
}

interface Options {
  readonly origin: string;
  readonly signer: NoteSigner;
  readonly quorum: Quorum;
  readonly reached?: Reached;
}

/**
 * Signs checkpoints and publishes the last one. Takes only what is on record and agrees with the tree: a signature once
 * given cannot be taken back.
 */
export class SignedCheckpoints {
  private readonly cosigned = new Map<
    number,
    { readonly root: string; readonly lines: Map<string, string> }
  >();
  private current: SignedCheckpoint | undefined;
  private best: SignedCheckpoint | undefined;
  private files: DurableFiles | undefined;
  private published_at = performance.now();
  private witnessed_at: number | undefined;
  private waiting: PromiseWithResolvers<void> = Promise.withResolvers();
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: Options) {}

  /** The last one. */
  get latest(): SignedCheckpoint | undefined {
    return this.current;
  }

  /** The largest that the quorum of witnesses has cosigned. */
  get witnessed(): SignedCheckpoint | undefined {
    return this.best;
  }

  /** Monotonic milliseconds at which the quorum was met last. */
  get witnessedAt(): number | undefined {
    return this.witnessed_at;
  }

  /** Monotonic milliseconds. */
  get publishedAt(): number {
    return this.published_at;
  }

  /** The checkpoint that an earlier run has published in this folder. @throws NoteError when it is not signed by us */
  async read(files: DurableFiles): Promise<Recorded | undefined> {
    const bytes = await files.read(CHECKPOINT_FILE);
    if (bytes === undefined) return undefined;
    const note = parseNote(bytes);
    verifyNote(note, [this.options.signer.verifier]);
    return parseCheckpoint(note.text);
  }

  /** From now on checkpoints are published in this folder. */
  publishIn(files: DurableFiles): void {
    this.files = files;
  }

  /** Once this returns the checkpoint is durable and can be had by everybody. */
  async publish(recorded: Recorded): Promise<void> {
    if (this.current !== undefined && this.current.size >= recorded.size) return;
    await this.write(this.sign(recorded));
    this.options.reached?.('checkpoint_published');
    this.published_at = performance.now();
    const { resolve } = this.waiting;
    this.waiting = Promise.withResolvers();
    resolve();
  }

  /** A cosignature on record, of a checkpoint whose root was compared with the tree. Lines of unknown keys are left out. */
  async cosign({ size, root, line }: CheckpointCosigned['data']): Promise<void> {
    const known = this.cosigned.get(size) ?? { root, lines: new Map<string, string>() };
    const keyId = this.options.quorum.keyIdOf(this.text({ size, root: Buffer.from(root, 'base64') }), line);
    if (keyId === undefined || known.root !== root) return;
    known.lines.set(keyId, line);
    this.cosigned.set(size, known);
    for (const old of [...this.cosigned.keys()].slice(0, -COSIGNED_MAX)) this.cosigned.delete(old);
    const signed = this.sign({ size, root: Buffer.from(root, 'base64') });
    if (signed.witnessed && size >= (this.best?.size ?? 0)) {
      this.best = signed;
      this.witnessed_at = performance.now();
    }
    if (this.current?.size === size) await this.write(signed);
  }

  /** A checkpoint over the entry at `index`, a witnessed one if there is; undefined when there is none yet. */
  covering(index: number): SignedCheckpoint | undefined {
    return [this.best, this.current].find((signed) => signed !== undefined && signed.size > index);
  }

  /** Fulfils when the next checkpoint is published, or the time is over. */
  async next(wait_ms: number): Promise<void> {
    await Promise.race([this.waiting.promise, sleep(Math.max(0, wait_ms), undefined, { ref: false })]);
  }

  /** Note text of a checkpoint of this log. */
  text(recorded: { readonly size: number; readonly root: Hash }): string {
    return formatCheckpoint({ origin: this.options.origin, ...recorded });
  }

  private sign(recorded: Recorded): SignedCheckpoint {
    const { signer, quorum } = this.options;
    const { size, root } = recorded;
    const text = this.text({ size, root });
    const known = this.cosigned.get(size);
    const lines =
      known?.root === Buffer.from(root).toString('base64') ? known.lines : new Map<string, string>();
    const note = signNote(text, [signer], 0) + [...lines.values()].join('');
    return { size, root, note, witnessed: quorum.isMet(new Set(lines.keys())) };
  }

  /** One at a time, never an older one over a newer one. */
  private write(signed: SignedCheckpoint): Promise<void> {
    this.writing = this.writing
      .catch(() => undefined)
      .then(async () => {
        if (this.current !== undefined && this.current.size > signed.size) return;
        await this.files?.write([{ path: CHECKPOINT_FILE, bytes: Buffer.from(signed.note) }]);
        this.current = signed;
      });
    return this.writing;
  }
}
