import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedStore } from './sealed-store.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Of links and flows; the longest lived of them ends after minutes. */
const SHORT_LIVED_MS = 60 * 60_000;

export interface FileStoreOptions {
  readonly folder: string;
  /** Secret of the gateway; the same on every replica. */
  readonly secret: string;
}

/**
 * One file a value: AES-256-GCM under a key derived from the gateway's secret (HKDF, RFC 5869), bound to its key text,
 * so that a file moved to another name does not open. The folder is the same for all replicas. File names tell nothing.
 */
export const openFileStore = async ({ folder, secret }: FileStoreOptions): Promise<SealedStore> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const sealingKey = Buffer.from(hkdfSync('sha256', secret, '', 'upstream credentials', 32));
  await sweep(folder);
  const fileOf = (key: string): string => {
    const digest = createHash('sha256').update(key).digest('hex');
    return join(folder, `${isShortLived(key) ? 'once-' : ''}${digest}.sealed`);
  };
  const openFile = async (file: string, key: string): Promise<unknown> => {
    const sealed = await readFile(file).catch(ignoreMissing);
    return sealed === undefined ? undefined : unseal(sealingKey, key, sealed);
  };
  return {
    read: (key) => openFile(fileOf(key), key),
    write: async (key, value) => {
      // Written beside and renamed after fsync: a crash leaves the old value or the new one, never half of one.
      const temporary = join(folder, `${randomUUID()}.new`);
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(seal(sealingKey, key, value));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, fileOf(key));
    },
    take: async (key) => {
      // Renaming is what elects one taker among replicas.
      const mine = join(folder, `${randomUUID()}.taken`);
      const isMine = await rename(fileOf(key), mine).then(() => true, ignoreMissing);
      if (isMine === undefined) return undefined;
      try {
        return await openFile(mine, key);
      } finally {
        await rm(mine, { force: true });
      }
    },
    remove: (key) => rm(fileOf(key), { force: true }),
  };
};

const isShortLived = (key: string): boolean => /^(?:link|flow)\//.test(key);

const seal = (sealingKey: Uint8Array, key: string, value: unknown): Uint8Array => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey, iv);
  cipher.setAAD(Buffer.from(key));
  const sealed = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()];
  return Buffer.concat([iv, ...sealed, cipher.getAuthTag()]);
};

const unseal = (sealingKey: Uint8Array, key: string, sealed: Uint8Array): unknown => {
  if (sealed.length <= IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(key));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const plain = [decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()];
    return JSON.parse(Buffer.concat(plain).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
};

const ignoreMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
};

/** Links nobody followed and what a crash left behind. */
const sweep = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('once-') && name.endsWith('.sealed')) continue;
    const file = join(folder, name);
    const age_ms = Date.now() - ((await stat(file).catch(ignoreMissing))?.mtimeMs ?? 0);
    if (age_ms > SHORT_LIVED_MS) await rm(file, { force: true });
  }
};
