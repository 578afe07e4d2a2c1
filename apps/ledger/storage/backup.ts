import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copySqliteStore } from '#event-store/sqlite/copy-sqlite-store.js';
import { eventsFile } from '../open-event-store.js';
import {
  BackupError,
  type BackupFile,
  type BackupManifest,
  copyPrivately,
  describeFile,
  syncFolder,
  writeManifest,
} from './manifest.js';

export interface BackupOptions {
  /** Data folder of the instance, running or stopped. */
  readonly data: string;
  /** Folder to make; it must not exist, or be empty. */
  readonly to: string;
  /** Also the keys. Whoever has them and the events can read every payload. */
  readonly withKeys: boolean;
  /** Share of the events copied, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * A consistent copy of the embedded event store, and of the keys if asked for, with a manifest. Leaves out what can be
 * made again from the events: the read model and the tiles of the log.
 * @throws BackupError when `to` is not empty; Error when there is no store or no room
 */
export const backUp = async ({ data, to, withKeys, onProgress }: BackupOptions): Promise<BackupManifest> => {
  await mkdir(to, { recursive: true, mode: 0o700 });
  if ((await readdir(to)).length > 0)
    throw new BackupError(`${to} is not empty. Give a folder of its own with --to.`);
  // Before the events: what this checkpoint covers is then within the copy.
  const checkpoint = await readFile(join(data, 'log', 'checkpoint'), 'utf8').catch(() => undefined);
  const copy = await copySqliteStore(eventsFile(data), join(to, 'events.db'), onProgress);
  const files: BackupFile[] = [await describeFile(to, 'events.db')];
  if (withKeys) files.push(...(await copyKeys(data, to)));
  const manifest: BackupManifest = {
    format: 'countersign-backup-1',
    made: new Date().toISOString(),
    ...copy,
    files,
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
  await writeManifest(to, manifest);
  return manifest;
};

const copyKeys = async (data: string, to: string): Promise<BackupFile[]> => {
  const from = join(data, 'keys');
  await mkdir(join(to, 'keys'), { mode: 0o700 });
  const names = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isFile());
  const files: BackupFile[] = [];
  for (const { name } of names) {
    await copyPrivately(join(from, name), join(to, 'keys', name));
    files.push(await describeFile(to, `keys/${name}`));
  }
  await syncFolder(join(to, 'keys'));
  return files;
};
