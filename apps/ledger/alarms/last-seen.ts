import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { EventStore } from '#event-store/event-store.js';

const lastSeenSchema = z.strictObject({
  stream: z.string(),
  revision: z.int().min(0),
  id: z.string(),
  position: z.string(),
});

/** An event that was durable: it has to be there ever after. */
export type LastSeen = z.infer<typeof lastSeenSchema>;

/** Undefined when there is none, or when the file is not ours: it is a help, not a truth. */
export const readLastSeen = async (file: string): Promise<LastSeen | undefined> => {
  try {
    return lastSeenSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
};

export const writeLastSeen = async (file: string, seen: LastSeen): Promise<void> => {
  await writeFile(`${file}.new`, JSON.stringify(seen), { mode: 0o600 });
  await rename(`${file}.new`, file);
};

/** One event is read, however long the stream is: what stands before its end is the business of the Merkle log. */
export const isStillThere = async (
  store: EventStore,
  { stream, revision, id }: LastSeen,
): Promise<boolean> => {
  const [last] = await store.readStream(stream, { backwards: true, limit: 1 });
  if (last === undefined || last.revision < revision) return false;
  return last.revision > revision || last.id === id;
};
