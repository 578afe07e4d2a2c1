import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EventStore, EventToAppend, StoredEvent } from '#event-store/event-store.js';

/** First line of a history: the sealing key of the instance that made it, which was made for this history alone. */
export interface HistoryKey {
  readonly sealing_key: Readonly<Record<string, string>>;
}

/** One event in store order. `entry` is the very text of its bytes (RFC 8785), `attachment` base64. */
export interface HistoryEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly entry: string;
  readonly attachment?: string;
}

export const toHistoryEvent = ({
  stream,
  revision,
  id,
  type,
  entry,
  attachment,
}: StoredEvent): HistoryEvent => ({
  stream,
  revision,
  id,
  type,
  entry: Buffer.from(entry).toString('utf8'),
  ...(attachment === undefined ? {} : { attachment: Buffer.from(attachment).toString('base64') }),
});

export interface History {
  readonly key: HistoryKey['sealing_key'];
  readonly events: readonly HistoryEvent[];
}

export const readHistory = async (file: string): Promise<History> => {
  const lines: string[] = [];
  for await (const line of createInterface(createReadStream(file, 'utf8'))) lines.push(line);
  const [first, ...events] = lines.map((line) => JSON.parse(line) as HistoryKey & HistoryEvent);
  if (first === undefined) throw new Error(`${file} is empty`);
  return { key: first.sealing_key, events };
};

/** Stores a history as it was: the same bytes in the same order. */
export const storeHistory = async (store: EventStore, events: readonly HistoryEvent[]): Promise<void> => {
  for (let at = 0; at < events.length; ) {
    const { stream, revision } = events[at] as HistoryEvent;
    let end = at + 1;
    while (events[end]?.stream === stream && end - at < BATCH_MAX) end += 1;
    await store.append(stream, revision - 1, events.slice(at, end).map(toAppend));
    at = end;
  }
};

const BATCH_MAX = 100;

export const toAppend = ({ id, type, entry, attachment }: HistoryEvent): EventToAppend => ({
  id,
  type,
  entry: Buffer.from(entry),
  ...(attachment === undefined ? {} : { attachment: Buffer.from(attachment, 'base64') }),
});
