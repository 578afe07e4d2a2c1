import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export const MANIFEST_FILE = 'manifest.json';

const backupFile = z.strictObject({
  /** Relative, one folder deep at most; nothing can be written outside of the folder it is restored to. */
  name: z.string().regex(/^(?:keys\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifestSchema = z.strictObject({
  format: z.literal('countersign-backup-1'),
  /** RFC 3339, UTC. */
  made: z.string(),
  events: z.int().min(0),
  lastPosition: z.int().min(0),
  files: z.array(backupFile).max(1_000),
  /** The signed checkpoint that was published when the backup began; its tree is within the backup. */
  checkpoint: z.string().optional(),
});

export type BackupFile = z.infer<typeof backupFile>;
export type BackupManifest = z.infer<typeof manifestSchema>;

/** What was given is not a backup, or not one that can be trusted. The message says which file. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** @throws BackupError */
export const readManifest = async (folder: string): Promise<BackupManifest> => {
  const file = join(folder, MANIFEST_FILE);
  const text = await readFile(file, 'utf8').catch(() => {
    throw new BackupError(
      `${file} cannot be read: this is not a backup, or one that did not come to its end`,
    );
  });
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    throw new BackupError(`${file} is not the manifest of a backup of this version`);
  }
};

/** Written last and at once, so that a backup without a manifest is known to be incomplete. */
export const writeManifest = async (folder: string, manifest: BackupManifest): Promise<void> => {
  const file = join(folder, MANIFEST_FILE);
  const handle = await open(`${file}.new`, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  await syncFolder(folder);
};

export const describeFile = async (folder: string, name: string): Promise<BackupFile> => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, name)) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { name, bytes, sha256: hash.digest('hex') };
};

/** A copy that is on the disk and that only its owner can read; never over something that is there. */
export const copyPrivately = async (from: string, to: string): Promise<void> => {
  await copyFile(from, to, constants.COPYFILE_EXCL);
  const handle = await open(to, 'r+');
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Without this a power cut could forget the names of files whose content is safe. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Size of the tree that a checkpoint (C2SP tlog-checkpoint: origin, size, root) speaks of, if the text is one. */
export const treeSizeOf = (checkpoint: string | undefined): number | undefined => {
  const size = checkpoint?.split('\n')[1];
  return size !== undefined && /^(?:0|[1-9]\d{0,14})$/.test(size) ? Number(size) : undefined;
};
