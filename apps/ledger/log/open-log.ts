import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import {
  CHECKPOINTS_STREAM,
  type CheckpointCosigned,
  type CheckpointRecorded,
} from '#core/log/log.events.js';
import type { EventStore } from '#event-store/event-store.js';
import { leafHash, sameHash } from '#tlog/merkle.js';
import type { ReadTile } from '#tlog/proof.js';
import { DurableFiles } from './durable-files.js';
import { firstDifference } from './first-difference.js';
import { Follower, type Recorded } from './follower.js';
import { LogFinding } from './log-finding.js';
import { LogTree } from './log-tree.js';
import type { SignedCheckpoints } from './signed-checkpoints.js';
import type { Reached } from './steps.js';
import { TileFiles } from './tile-files.js';

/** A tree lies behind the last checkpoints by what a crash can leave, never by more. */
const CANDIDATES_MAX = 100;
const PROGRESS_EVERY_MS = 5_000;

export interface OpenLogOptions {
  readonly store: EventStore;
  readonly folder: string;
  readonly origin: string;
  readonly checkpoints: SignedCheckpoints;
  readonly logger: Logger;
  readonly reached?: Reached;
  readonly isStopped: () => boolean;
  readonly onCosigned: (event: CheckpointCosigned['data']) => Promise<void>;
  /** Found and repaired: the tiles were not what they were, the store was. */
  readonly onRepaired: (finding: LogFinding) => Promise<void>;
}

export interface OpenLog {
  readonly tree: LogTree;
  readonly follower: Follower;
}

/** What was found, and the tree of the last signed checkpoint if its tiles are still whole. */
export class LogBroken extends Error {
  override readonly name = 'LogBroken';
  constructor(
    readonly finding: LogFinding,
    readonly tree: LogTree | undefined,
  ) {
    super(finding.message);
  }
}

/**
 * The tree up to the end of the store. Goes on from the tiles on the disk when they have the root of a recorded checkpoint,
 * otherwise reads the store from its beginning; either way every recorded checkpoint on the way is compared, and the
 * signed one at the end.
 * @throws LogBroken when store and log contradict each other; nothing on the disk is changed then
 */
export const openLog = async (options: OpenLogOptions): Promise<OpenLog> => {
  const { store, folder, checkpoints, reached, isStopped } = options;
  const tree = await LogTree.open(folder, reached);
  const old = { size: tree.positions.count, signed: await checkpoints.read(tree.files) };
  const follower = followerOf(options, tree);
  try {
    const candidates = await candidatesOf(store, old.signed);
    const from = await resume(tree, store, candidates);
    if (from === undefined && old.size > 0 && candidates.length > 0) {
      await tree.close();
      return await rebuild(options, old);
    }
    if (from === undefined) tree.positions.cut(0);
    await follower.resume(from?.is_on_record ? from : undefined);
    await follower.toHead(isStopped);
    if (!isStopped()) await assertExtends(tree, follower.recorded, old.signed);
    return { tree, follower };
  } catch (error) {
    await tree.close();
    if (error instanceof LogFinding) throw await broken(options, old, error);
    throw error;
  }
};

/** What the folder has from an earlier run: entries with a position, and the checkpoint that was published. */
interface Old {
  readonly size: number;
  readonly signed: Recorded | undefined;
}

const followerOf = ({ store, origin, onCosigned, logger }: OpenLogOptions, tree: LogTree): Follower =>
  new Follower({ store, tree, origin, onCosigned, onPage: progress(logger) });

/** The tree of the largest recorded checkpoint that the disk still has whole; undefined when there is none. */
const resume = async (
  tree: LogTree,
  store: EventStore,
  candidates: readonly Candidate[],
): Promise<Candidate | undefined> => {
  for (const candidate of candidates) {
    try {
      await tree.resume(candidate.size, candidate.root);
    } catch (error) {
      if (error instanceof LogFinding) continue;
      throw error;
    }
    await assertLastEntry(tree, store);
    return candidate;
  }
  return undefined;
};

/** The store still has the entry that the tree ends with, where it was. @throws LogFinding */
const assertLastEntry = async (tree: LogTree, store: EventStore): Promise<void> => {
  const last = tree.size - 1;
  if (last < 0) return;
  const after = last === 0 ? undefined : await tree.positions.at(last - 1);
  const page = await store.readAll({
    limit: 1,
    attachments: false,
    ...(after === undefined ? {} : { after }),
  });
  const [event] = page.events;
  if (event === undefined)
    throw new LogFinding('log_entries_missing', last, `the store has no entry ${last}`);
  const isSame =
    event.position === tree.lastPosition && sameHash(leafHash(event.entry), leafHash(await tree.entry(last)));
  if (!isSame)
    throw new LogFinding('log_entry_differs', last, `entry ${last} of the store is not the one in the log`);
};

/** What was signed once stays true. @throws LogFinding */
const assertExtends = async (
  tree: LogTree,
  recorded: Recorded | undefined,
  signed: Recorded | undefined,
): Promise<void> => {
  if (signed === undefined) return;
  // It was on record before it was signed: if it is not now, the store lost its end.
  if (signed.size > tree.size || signed.size > (recorded?.size ?? 0))
    throw new LogFinding(
      'log_entries_missing',
      tree.size,
      `a checkpoint of ${signed.size} entries is signed, the store ends with entry ${tree.size - 1}`,
    );
  if (!sameHash(await tree.rootAt(signed.size), signed.root))
    throw new LogFinding(
      'log_signed_checkpoint_differs',
      0,
      `the first ${signed.size} entries are not those that were signed`,
    );
};

/** Beside the old folder, which is evidence until the new one has proven to extend what was signed. */
const rebuild = async (options: OpenLogOptions, old: Old): Promise<OpenLog> => {
  const { store, folder, logger, isStopped, onRepaired } = options;
  logger.warn({ entries: old.size }, 'the tiles of the log are built again from the event store');
  const fresh_folder = `${folder}.new`;
  await rm(fresh_folder, { recursive: true, force: true });
  const fresh = await LogTree.open(fresh_folder);
  const follower = followerOf(options, fresh);
  try {
    await follower.toHead(isStopped);
    if (isStopped()) return { tree: fresh, follower };
    await assertExtends(fresh, follower.recorded, old.signed);
    await fresh.flush();
  } catch (error) {
    if (error instanceof LogFinding) throw await broken(options, old, error);
    throw error;
  }
  await fresh.close();
  const damage = await firstDifference(store, await tilesIn(folder), Math.min(old.size, fresh.size));
  const set_aside = setAside(folder);
  await rename(folder, set_aside);
  // A crash here leaves no folder: the next start reads the store again, and the recorded checkpoints with it.
  await rename(fresh_folder, folder);
  logger.warn({ set_aside }, 'the former tiles of the log were set aside');
  await onRepaired(
    new LogFinding('log_tile_differs', damage?.index ?? 0, damage?.message ?? 'the tiles were not whole'),
  );
  return openLog(options);
};

/** Names the first bad entry as exactly as the tiles on the disk allow. */
const broken = async ({ store, folder }: OpenLogOptions, old: Old, found: LogFinding): Promise<LogBroken> => {
  const size = Math.max(old.signed?.size ?? 0, old.size);
  const exact = size === 0 ? undefined : await firstDifference(store, await tilesIn(folder), size);
  // A missing tile says nothing about the store.
  const finding = exact === undefined || exact.kind === 'log_tile_missing' ? found : exact;
  return new LogBroken(finding, old.signed && (await wholeTree(folder, old.signed)));
};

const wholeTree = async (folder: string, { size, root }: Recorded): Promise<LogTree | undefined> => {
  const tree = await LogTree.open(folder);
  try {
    await tree.resume(size, root);
    return tree;
  } catch {
    await tree.close();
    return undefined;
  }
};

const tilesIn = async (folder: string): Promise<ReadTile> => {
  const tiles = new TileFiles(await DurableFiles.open(folder));
  return (ref) => tiles.read(ref);
};

const setAside = (folder: string): string => {
  for (let nth = 1; ; nth++)
    if (!existsSync(`${folder}.set-aside-${nth}`)) return `${folder}.set-aside-${nth}`;
};

interface Candidate extends Recorded {
  readonly is_on_record: boolean;
}

/** Checkpoints that the disk may have the tree of, largest first: those on record last, and the one published here. */
const candidatesOf = async (
  store: EventStore,
  signed: Recorded | undefined,
): Promise<readonly Candidate[]> => {
  const events = await store.readStream(CHECKPOINTS_STREAM, { backwards: true, limit: CANDIDATES_MAX });
  const recorded = events.map(({ entry }) => {
    const { size, root } = asEvent<CheckpointRecorded>(readEntry(entry)).data;
    return { size, root: Buffer.from(root, 'base64'), is_on_record: true };
  });
  const published = signed === undefined ? [] : [{ ...signed, is_on_record: false }];
  return [...recorded, ...published].sort((one, other) => other.size - one.size);
};

const progress = (logger: Logger) => {
  let said_at = performance.now();
  return (size: number): void => {
    if (performance.now() - said_at < PROGRESS_EVERY_MS) return;
    said_at = performance.now();
    logger.info({ entries: size }, 'reading the event store into the log');
  };
};
