import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** 32 random bytes as base64url, made once and kept in a file that only its owner can read. */
export const loadOrCreateSecret = async (file: string): Promise<string> =>
  (await loadOrCreate(file, async () => randomBytes(32).toString('base64url'))).trim();

/** The text of a file, made and kept once when there is none; readable by its owner only. */
export const loadOrCreate = async (file: string, make: () => Promise<string>): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Written beside and renamed after fsync: a crash leaves either no key or a whole one, never half a key.
  const temporary = `${file}.${process.pid}`;
  const handle = await open(temporary, 'wx', 0o600);
  const text = await make();
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  return text;
};
