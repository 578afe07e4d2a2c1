import { generateKeyPairSync } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { SeededRandom } from '../../apps/demo-bank/random.js';
import type { FileReader } from '../../apps/ledger/log/durable-files.js';
import { LogFinding } from '../../apps/ledger/log/log-finding.js';
import { openQuorum } from '../../apps/ledger/log/quorum.js';
import { SelfCheck } from '../../apps/ledger/log/self-check.js';
import { SignedCheckpoints } from '../../apps/ledger/log/signed-checkpoints.js';
import { TileFiles } from '../../apps/ledger/log/tile-files.js';
import { buildAppend } from '../../libs/core/evidence/build-append.js';
import type { DomainEvent } from '../../libs/core/evidence/entry.js';
import { CHECKPOINTS_STREAM } from '../../libs/core/log/log.events.js';
import type { StoredEvent } from '../../libs/event-store/event-store.js';
import { leafHash } from '../../libs/tlog/merkle.js';
import { createSigner, ED25519 } from '../../libs/tlog/note-key.js';
import { type ReadTile, rootAt } from '../../libs/tlog/proof.js';
import { encodeBundle, TILE_WIDTH, tilePath } from '../../libs/tlog/tile.js';
import { EMPTY_TREE, growTree, rootOf } from '../../libs/tlog/tree.js';
import { readOnlyStore } from '../golden/memory-store.js';

export type LogFiles = ReadonlyMap<string, Uint8Array>;

/** A store, and the log of it as it lies on a disk, in memory. */
export interface MemoryLog {
  readonly events: readonly StoredEvent[];
  readonly files: LogFiles;
  /** Entries that the signed checkpoint covers. */
  readonly size: number;
  readonly checkpoints: SignedCheckpoints;
  readonly positions: readonly bigint[];
}

const ORIGIN = 'bank.example/countersign';
const signer = createSigner(ORIGIN, ED25519, generateKeyPairSync('ed25519').privateKey);
const quorum = openQuorum({ witnesses: [] } as unknown as Parameters<typeof openQuorum>[0]);

/** With `size` entries, checkpoints among them, at positions with gaps as KurrentDB has them. */
export const makeMemoryLog = async (random: SeededRandom, size: number): Promise<MemoryLog> => {
  const events = makeEvents(random, size);
  const covered = events.slice(0, size).map(({ entry }) => entry);
  const { state, tiles } = growTree(EMPTY_TREE, covered.map(leafHash));
  const files = new Map(tiles.map(({ ref, bytes }) => [tilePath(ref), bytes]));
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const entries = covered.slice(first, first + TILE_WIDTH);
    const ref = { level: -1, index: first / TILE_WIDTH, width: entries.length };
    files.set(tilePath(ref), encodeBundle(entries));
  }
  const checkpoints = new SignedCheckpoints({ origin: ORIGIN, signer, quorum });
  checkpoints.publishIn({
    write: async (written) => {
      for (const { path, bytes } of written) files.set(path, bytes);
    },
  });
  await checkpoints.publish({ size, root: rootOf(state) });
  return { events, files, size, checkpoints, positions: events.map(({ position }) => position) };
};

/** What the self-check of a log says about these events and files; undefined when it finds nothing. */
export const checkMemoryLog = async (
  { checkpoints, positions }: MemoryLog,
  events: readonly StoredEvent[],
  files: LogFiles,
): Promise<LogFinding | undefined> => {
  const reader: FileReader = { read: async (path) => files.get(path) };
  const tiles = new TileFiles({
    ...reader,
    list: async (folder) =>
      [...files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path)),
    remove: async () => undefined,
    write: async () => undefined,
  });
  const fromDisk: ReadTile = (ref) => tiles.read(ref);
  const tree = {
    fromDisk,
    readTile: fromDisk,
    rootAt: (size: number) => rootAt(size, fromDisk),
    files: reader,
    positions: {
      at: async (index: number) => positions[index] as bigint,
      range: async (from: number, to: number) => positions.slice(from, to),
    },
  };
  const self_check = { every_ms: 0, entries: positions.length };
  try {
    await new SelfCheck({ store: readOnlyStore(events), tree, checkpoints, self_check }).step();
    return undefined;
  } catch (error) {
    if (error instanceof LogFinding) return error;
    throw error;
  }
};

const refusal = (random: SeededRandom): DomainEvent => ({
  type: 'RequestRefused',
  v: 1,
  data: { code: 'token_missing', where: 'rest', about: { path: random.digits(random.integer(1, 200)) } },
});

const makeEvents = (random: SeededRandom, size: number): readonly StoredEvent[] => {
  const events: StoredEvent[] = [];
  let state = EMPTY_TREE;
  let checkpoints = 0;
  let position = 0n;
  /** The first is an early one, so that every log has one among its entries. */
  let checkpoint_at = random.integer(0, 3);
  while (events.length < size + 2) {
    const isCheckpoint = events.length >= checkpoint_at;
    if (isCheckpoint) checkpoint_at += random.integer(2, 60);
    const root = Buffer.from(rootOf(state)).toString('base64');
    const recorded = { origin: ORIGIN, size: state.size, root };
    const stream = isCheckpoint ? CHECKPOINTS_STREAM : `refusal-${random.digits(20)}`;
    const revision = isCheckpoint ? checkpoints++ : 0;
    const event = isCheckpoint ? { type: 'CheckpointRecorded', v: 1, data: recorded } : refusal(random);
    const command = buildAppend(
      {
        stream,
        expected: revision - 1,
        time: `2026-11-22T12:${random.integer(10, 59)}:00.000Z`,
        actor: { kind: 'service', service: 'ledger', instance: 'log' },
        correlation: stream,
        causation: stream,
        newId: () => random.digits(32),
      },
      [{ event }],
    );
    position += BigInt(random.integer(2, 300));
    const [stored] = command.events.map((one) => ({ ...one, stream, revision, position }));
    if (stored === undefined) throw new Error('nothing to store');
    events.push(stored);
    state = growTree(state, [leafHash(stored.entry)]).state;
  }
  return events;
};
