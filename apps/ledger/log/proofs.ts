import { CountersignError } from '#core/errors.js';
import { leafHash } from '#tlog/merkle.js';
import { formatTlogProof } from '#tlog/tlog-proof.js';
import { LogFinding } from './log-finding.js';
import type { LogTree } from './log-tree.js';
import type { MerkleLog } from './merkle-log.js';
import type { SignedCheckpoint } from './signed-checkpoints.js';

/** How long a proof waits for the checkpoint that covers its entry. */
export const COVERING_WAIT_MS = 2_000;

export interface Inclusion {
  readonly event: string;
  readonly index: number;
  readonly size: number;
  /** Hashes are base64, as in a checkpoint. */
  readonly root: string;
  readonly leaf: string;
  /** From the leaf's sibling up (RFC 6962 section 2.1.1). */
  readonly hashes: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
  /** The quorum of witnesses has cosigned the checkpoint. */
  readonly witnessed: boolean;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * That the event which lies at this position of the store is in the tree of a signed checkpoint. Waits for the next one if
 * none covers it yet.
 * @throws CountersignError checkpoint_pending
 */
export const proveInclusion = async (
  log: MerkleLog,
  event: { readonly id: string; readonly position: bigint },
): Promise<Inclusion> => {
  const { tree, index, signed } = await cover(log, event.position);
  try {
    const { size, root, note, witnessed } = signed;
    const hashes = await tree.inclusion(index, size);
    return {
      event: event.id,
      index,
      size,
      root: base64(root),
      leaf: base64(leafHash(await tree.entry(index))),
      hashes: hashes.map(base64),
      checkpoint: note,
      witnessed,
    };
  } catch (error) {
    throw pendingIfDamaged(error);
  }
};

/** The same as a file for an offline verifier (C2SP tlog-proof); `extra` says to people which event it is about. */
export const receiptOf = ({ event, index, hashes, checkpoint, witnessed }: Inclusion): string =>
  formatTlogProof({
    index,
    hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
    checkpoint,
    extra: Buffer.from(JSON.stringify({ event, ...(witnessed ? {} : { unwitnessed: true }) })),
  });

/** That the tree of `second` entries begins with the tree of `first` (RFC 6962 section 2.1.2). @throws CountersignError */
export const proveConsistency = async (log: MerkleLog, first: number, second: number) => {
  const { tree } = log;
  const size = log.checkpoints.latest?.size ?? 0;
  if (tree === undefined || second > size)
    throw new CountersignError('checkpoint_pending', `the last checkpoint has ${size} entries`);
  if (first > second) throw new CountersignError('params_invalid', 'first is at most second');
  try {
    return {
      first,
      second,
      firstRoot: base64(await tree.rootAt(first)),
      secondRoot: base64(await tree.rootAt(second)),
      hashes: (await tree.consistency(first, second)).map(base64),
    };
  } catch (error) {
    throw pendingIfDamaged(error);
  }
};

const cover = async (
  log: MerkleLog,
  position: bigint,
): Promise<{ readonly tree: LogTree; readonly index: number; readonly signed: SignedCheckpoint }> => {
  for (const until = performance.now() + COVERING_WAIT_MS; ; ) {
    const { tree, checkpoints } = log;
    const index = await tree?.positions.indexOf(position);
    const signed = index === undefined ? undefined : checkpoints.covering(index);
    if (tree !== undefined && index !== undefined && signed !== undefined) return { tree, index, signed };
    const left_ms = until - performance.now();
    if (left_ms <= 0) throw new CountersignError('checkpoint_pending', log.finding?.message);
    await checkpoints.next(left_ms);
  }
};

const pendingIfDamaged = (error: unknown): unknown =>
  error instanceof LogFinding ? new CountersignError('checkpoint_pending', error.message) : error;
