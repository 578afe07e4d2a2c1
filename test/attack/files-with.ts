import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files below a folder that hold one of these texts as bytes, each with the texts it holds. */
export const filesWith = async (folder: string, texts: readonly string[]): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    const held = texts.filter((text) => bytes.includes(text));
    if (held.length > 0) found.push(`${entry.name}: ${held.join(' ')}`);
  }
  return found;
};
