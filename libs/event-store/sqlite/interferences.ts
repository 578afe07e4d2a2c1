import { setTimeout as sleep } from 'node:timers/promises';
import type { Interference } from '../event-store.js';
import { openReader, prepareHead, schemaDifference } from './schema.js';

const LOOK_EVERY_MS = 5_000;

/**
 * Looks at the file, every few seconds and on a connection of its own, for what SQL from outside leaves behind: other
 * tables or triggers than ours, and a last position before one that was seen. The events are not read.
 */
export const watchInterferences = async (
  file: string,
  signal: AbortSignal,
  tell: (interference: Interference) => void,
): Promise<void> => {
  let head = 0;
  while (!signal.aborted) {
    const look = lookAt(file);
    if ('detail' in look) tell({ kind: 'damaged', detail: look.detail, about: { detail: look.detail } });
    else {
      const { found } = look;
      const detail = `the event store ends at position ${found}, it had position ${head}`;
      if (found < head) tell({ kind: 'truncated', detail, about: { found, expected: head } });
      head = Math.max(head, found);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
};

const lookAt = (file: string): { readonly detail: string } | { readonly found: number } => {
  let db: ReturnType<typeof openReader> | undefined;
  try {
    db = openReader(file);
    const difference = schemaDifference(db);
    return difference === undefined
      ? { found: prepareHead(db)() }
      : { detail: `the event store is not as it was made: ${difference}` };
  } catch (error) {
    return { detail: `the event store cannot be read: ${(error as Error).message}` };
  } finally {
    db?.close();
  }
};
