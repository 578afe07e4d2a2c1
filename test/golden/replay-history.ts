import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { SEALING_KEY_FILE } from '#sealing/file-keys.js';
import { Replay, type ReplayRange } from '../../apps/ledger/replay/replay.js';
import type { ReplaySummary } from '../../apps/ledger/replay/report.js';
import { openLocalMasking } from '../../apps/masking/local-masking.js';
import { type History, storeHistory } from './history-file.js';
import { memoryStore } from './memory-store.js';

/** The golden histories stand beside the sources, not in dist. */
export const HISTORIES = fileURLToPath(new URL('../../../test/golden/histories/', import.meta.url));
export const historyFile = (name: string): string => join(HISTORIES, `${name}.ndjson`);

/** Lays a history out as the data folder of a stopped instance. */
export const layOut = async (folder: string, { key, events }: History): Promise<void> => {
  await mkdir(join(folder, 'keys'), { recursive: true });
  await writeFile(join(folder, 'keys', SEALING_KEY_FILE), JSON.stringify(key));
  const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  await storeHistory(store, events);
  await store.close();
};

/** Replays a history on a fresh ledger in this process. */
export const replayHistory = (history: History, range: ReplayRange = {}): Promise<ReplaySummary> =>
  inFolder(async (folder) => {
    await layOut(folder, history);
    const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
    try {
      return await new Replay(store, await openLocalMasking(join(folder, 'keys'))).run(range);
    } finally {
      await store.close();
    }
  });

/** The same from memory, for many variants of a history; without a key when `key` is undefined. */
export const replayInMemory = ({
  key,
  events,
}: {
  readonly key: History['key'] | undefined;
  readonly events: History['events'];
}): Promise<ReplaySummary> =>
  inFolder(async (folder) => {
    if (key !== undefined) await writeFile(join(folder, SEALING_KEY_FILE), JSON.stringify(key));
    return new Replay(memoryStore(events), await openLocalMasking(folder)).run({});
  });

const inFolder = async <Result>(work: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-golden-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};
