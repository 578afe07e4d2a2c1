import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkSqliteStore, type StoreCheckProgress } from '#event-store/sqlite/check-sqlite-store.js';
import { lockForWriting } from '#event-store/sqlite/lock.js';
import { eventsFile } from '../open-event-store.js';
import { checkEvent } from './check-event.js';
import {
  BackupError,
  type BackupManifest,
  copyPrivately,
  describeFile,
  readManifest,
  syncFolder,
  treeSizeOf,
} from './manifest.js';

export interface RestoreOptions {
  readonly from: string;
  readonly data: string;
  readonly onProgress?: (progress: StoreCheckProgress) => void;
}

export interface Restored {
  readonly manifest: BackupManifest;
  /** False: the data folder has no keys now, and what is sealed cannot be opened until they are back. */
  readonly hasKeys: boolean;
  /** Events that a checkpoint left in the data folder covers and that the backup does not have: they are lost. */
  readonly missing: number;
}

/**
 * Puts a backup into a data folder without events. Every file is compared with the manifest and the whole store is
 * checked before it gets its name, so that an instance never starts on a half or changed copy.
 * @throws BackupError when the folder has events already, or the backup is damaged or changed
 */
export const restore = async ({ from, data, onProgress }: RestoreOptions): Promise<Restored> => {
  const manifest = await readManifest(from);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const file = eventsFile(data);
  const lock = lockForWriting(file);
  try {
    for (const name of [file, `${file}-wal`])
      if (existsSync(name))
        throw new BackupError(`${name} exists. Give a folder without events with --data.`);
    await compare(from, manifest);
    await placeEvents(from, file, manifest, onProgress);
    await placeKeys(from, data, manifest);
    // Made from the events that were here before; they come back from those that are here now.
    for (const name of await readdir(data)) if (name.startsWith('projection.db')) await rm(join(data, name));
    await syncFolder(data);
  } finally {
    lock.release();
  }
  const checkpoint = await readFile(join(data, 'log', 'checkpoint'), 'utf8').catch(() => undefined);
  return {
    manifest,
    hasKeys: existsSync(join(data, 'keys')),
    missing: Math.max(0, (treeSizeOf(checkpoint) ?? 0) - manifest.events),
  };
};

const compare = async (from: string, { files }: BackupManifest): Promise<void> => {
  if (!files.some(({ name }) => name === 'events.db')) throw new BackupError(`${from} holds no events`);
  for (const file of files) {
    const found = await describeFile(from, file.name).catch(() => undefined);
    if (found?.sha256 !== file.sha256 || found.bytes !== file.bytes)
      throw new BackupError(
        `${join(from, file.name)} is missing or not as the manifest says. Use another backup.`,
      );
  }
};

const placeEvents = async (
  from: string,
  file: string,
  manifest: BackupManifest,
  onProgress: RestoreOptions['onProgress'],
): Promise<void> => {
  const unchecked = `${file}.restoring`;
  const clear = async () => {
    for (const suffix of ['', '-wal', '-shm']) await rm(unchecked + suffix, { force: true });
  };
  await clear();
  try {
    await copyPrivately(join(from, 'events.db'), unchecked);
    const check = checkSqliteStore({ file: unchecked, checkEvent, ...(onProgress && { onProgress }) });
    if (check.problem !== undefined)
      throw new BackupError(
        `the backup is damaged at position ${check.problem.position ?? '?'}: ${check.problem.detail}`,
      );
    if (check.events !== manifest.events || check.lastPosition !== manifest.lastPosition)
      throw new BackupError(`the backup has ${check.events} events, its manifest says ${manifest.events}`);
    await rename(unchecked, file);
  } finally {
    await clear();
  }
};

const placeKeys = async (from: string, data: string, { files }: BackupManifest): Promise<void> => {
  const names = files.map(({ name }) => name).filter((name) => name.startsWith('keys/'));
  if (names.length === 0) return;
  await mkdir(join(data, 'keys'), { recursive: true, mode: 0o700 });
  // Keys that are here already stay: they may be newer, and a lost key cannot be made again.
  for (const name of names)
    if (!existsSync(join(data, name))) await copyPrivately(join(from, name), join(data, name));
  await syncFolder(join(data, 'keys'));
};
