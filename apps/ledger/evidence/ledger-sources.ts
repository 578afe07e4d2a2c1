import type { Bus } from '#bus/bus.js';
import { maskingOpen } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import {
  CHECKPOINTS_STREAM,
  type CheckpointRecorded,
  type CheckpointTimestamped,
  TIMESTAMPS_STREAM,
} from '#core/log/log.events.js';
import type { EventStore } from '#event-store/event-store.js';
import { formatCheckpoint } from '#tlog/checkpoint.js';
import { signNote } from '#tlog/note.js';
import type { NoteSigner } from '#tlog/note-key.js';
import type { LogTree } from '../log/log-tree.js';
import type { MerkleLog } from '../log/merkle-log.js';
import { COVERING_WAIT_MS } from '../log/proofs.js';
import type { SignedCheckpoint } from '../log/signed-checkpoints.js';
import type { PackSources, StreamEntry } from './pack-sources.js';

const PAGE_EVENTS = 1_000;
/** Of the recorded checkpoints looked at, so many are linked with the pack's, evenly chosen, and the stamped ones. */
const EARLIER_MAX = 8;
const RECORDED_MAX = 2_000;
const STAMPS_MAX = 8;

export interface LedgerParts {
  readonly store: EventStore;
  readonly bus: Bus;
  readonly log: MerkleLog;
  readonly signer: NoteSigner;
  readonly policy: string | undefined;
}

/**
 * The ledger at a checkpoint that covers everything up to this position of the store; waits for one if there is none yet.
 * @throws CountersignError checkpoint_pending
 */
export const ledgerSources = async (parts: LedgerParts, position: bigint): Promise<PackSources> => {
  const { store, bus, log, signer, policy } = parts;
  const { tree, head } = await covering(log, position);
  const stamps = await stampsOf(store, head.size);
  const sizes = [...stamps.map(({ size }) => size), ...(await recordedSizes(store, head.size))];
  const earlier = new Map<number, string>();
  for (const size of sizes) {
    const text = formatCheckpoint({ origin: signer.verifier.name, size, root: await tree.rootAt(size) });
    earlier.set(size, signNote(text, [signer], 0));
  }
  // With its cosignatures.
  const { witnessed } = log.checkpoints;
  if (witnessed !== undefined && witnessed.size < head.size) earlier.set(witnessed.size, witnessed.note);
  return {
    checkpoint: head.note,
    readTile: tree.readTile,
    entries: (from, to) => entriesOf(store, tree, from, to),
    stream: async (name) => streamOf(store, tree, name, head.size),
    open: async (sealed, commit) => {
      const { bytes, salt } = await bus.request(maskingOpen, { sealed, commit, purpose: 'evidence' });
      return Buffer.concat([salt ?? new Uint8Array(), bytes]);
    },
    earlier: [...earlier.values()],
    timestamps: stamps,
    policy,
    signer,
  };
};

const covering = async (
  log: MerkleLog,
  position: bigint,
): Promise<{ readonly tree: LogTree; readonly head: SignedCheckpoint }> => {
  for (const until = performance.now() + COVERING_WAIT_MS; ; ) {
    const { tree, checkpoints } = log;
    const index = await tree?.positions.indexOf(position);
    const head = checkpoints.latest;
    if (tree !== undefined && index !== undefined && head !== undefined && head.size > index)
      return { tree, head };
    const left_ms = until - performance.now();
    if (left_ms <= 0) throw new CountersignError('checkpoint_pending', log.finding?.message);
    await checkpoints.next(left_ms);
  }
};

/** Entries are read from the store, not from the log's own copy; the tree then shows that they are the same. */
async function* entriesOf(store: EventStore, tree: LogTree, from: number, to: number) {
  let after = from === 0 ? undefined : await tree.positions.at(from - 1);
  for (let index = from; index < to; ) {
    const limit = Math.min(PAGE_EVENTS, to - index);
    const page = await store.readAll({
      limit,
      attachments: false,
      ...(after === undefined ? {} : { after }),
    });
    for (const { entry } of page.events) yield { index: index++, bytes: entry };
    if (page.scannedTo === undefined || page.scannedTo === after) return;
    after = page.scannedTo;
  }
}

const streamOf = async (
  store: EventStore,
  tree: LogTree,
  name: string,
  size: number,
): Promise<readonly StreamEntry[]> => {
  const entries: StreamEntry[] = [];
  for (const { entry, position, attachment } of await store.readStream(name)) {
    const index = await tree.positions.indexOf(position);
    if (index === undefined || index >= size) break;
    entries.push({ index, bytes: entry, ...(attachment === undefined ? {} : { attachment }) });
  }
  return entries;
};

const recordedSizes = async (store: EventStore, size: number): Promise<readonly number[]> => {
  const events = await store.readStream(CHECKPOINTS_STREAM, { backwards: true, limit: RECORDED_MAX });
  const sizes = events
    .map(({ entry }) => asEvent<CheckpointRecorded>(readEntry(entry)).data.size)
    .filter((each) => each > 0 && each < size);
  const step = Math.ceil(sizes.length / EARLIER_MAX);
  return sizes.filter((_, nth) => nth % Math.max(1, step) === 0);
};

const stampsOf = async (store: EventStore, size: number) => {
  const events = await store.readStream(TIMESTAMPS_STREAM, { backwards: true, limit: STAMPS_MAX });
  return events.flatMap(({ entry, attachment }) => {
    const stamped = asEvent<CheckpointTimestamped>(readEntry(entry)).data.size;
    return attachment === undefined || stamped > size ? [] : [{ size: stamped, token: attachment }];
  });
};
