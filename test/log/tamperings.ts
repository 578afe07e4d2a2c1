import type { SeededRandom } from '../../apps/demo-bank/random.js';
import type { FindingKind } from '../../apps/ledger/log/log-finding.js';
import type { StoredEvent } from '../../libs/event-store/event-store.js';
import { decodeBundle, encodeBundle, parseTilePath, TILE_WIDTH } from '../../libs/tlog/tile.js';
import type { LogFiles, MemoryLog } from './memory-log.js';

/** What somebody made of a store or of the files of its log, and what has to be said about it. */
export interface Tampered {
  readonly events?: readonly StoredEvent[];
  readonly files?: LogFiles;
  /** The first entry that is not what it was. */
  readonly index: number;
  readonly kind: FindingKind;
}

export type Tampering = (log: MemoryLog, random: SeededRandom) => Tampered;

const at = (events: readonly StoredEvent[], index: number): StoredEvent => events[index] as StoredEvent;

const anyIndex = ({ size }: MemoryLog, random: SeededRandom, last = size - 1): number =>
  random.integer(0, last);

const flipped = (bytes: Uint8Array, random: SeededRandom): Uint8Array => {
  const changed = Buffer.from(bytes);
  const place = random.integer(0, changed.length - 1);
  changed[place] = (changed[place] as number) ^ (1 << random.integer(0, 7));
  return changed;
};

const withEntry = ({ events }: MemoryLog, index: number, entry: Uint8Array): Tampered => ({
  events: events.with(index, { ...at(events, index), entry }),
  index,
  kind: 'log_entry_differs',
});

/** As an owner of the store could say it with `replace` in SQL. */
const replaced = (event: StoredEvent, pattern: RegExp, by: string): Uint8Array => {
  const text = Buffer.from(event.entry).toString();
  const changed = text.replace(pattern, by);
  if (changed === text) throw new Error(`nothing to replace in ${text}`);
  return Buffer.from(changed);
};

const onFile = (
  { files }: MemoryLog,
  random: SeededRandom,
  of: RegExp,
  change: (bytes: Uint8Array) => readonly [Uint8Array, number],
): Tampered => {
  const path = random.pick([...files.keys()].filter((name) => of.test(name)));
  const [bytes, entry] = change(files.get(path) as Uint8Array);
  const index = (parseTilePath(path)?.index ?? 0) * TILE_WIDTH + entry;
  return { files: new Map(files).set(path, bytes), index, kind: 'log_tile_differs' };
};

export const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'a flipped bit of an entry': (log, random) => {
    const index = anyIndex(log, random);
    return withEntry(log, index, flipped(at(log.events, index).entry, random));
  },
  'a deleted entry': (log, random) => {
    const index = anyIndex(log, random);
    return { events: log.events.toSpliced(index, 1), index, kind: 'log_entry_differs' };
  },
  'an inserted entry': (log, random) => {
    const index = anyIndex(log, random);
    const strange = at(log.events, index);
    const position = strange.position - 1n;
    const entry = replaced(strange, /"id":"\d+"/, `"id":"${random.digits(33)}"`);
    const inserted = { ...strange, position, entry };
    return { events: log.events.toSpliced(index, 0, inserted), index, kind: 'log_entry_differs' };
  },
  'a copy of an entry behind it': (log, random) => {
    const index = anyIndex(log, random, log.size - 2);
    const copy = { ...at(log.events, index), position: at(log.events, index).position + 1n };
    return { events: log.events.toSpliced(index + 1, 0, copy), index: index + 1, kind: 'log_entry_differs' };
  },
  'two entries that changed places': (log, random) => {
    const [first, second] = twoOf(log, random);
    const { events } = log;
    const moved = events
      .with(first, { ...at(events, second), position: at(events, first).position })
      .with(second, { ...at(events, first), position: at(events, second).position });
    return { events: moved, index: first, kind: 'log_entry_differs' };
  },
  'a run of entries in the opposite order': (log, random) => {
    const [first, last] = twoOf(log, random);
    const run = log.events.slice(first, last + 1).reverse();
    const moved = run.map((event, nth) => ({ ...event, position: at(log.events, first + nth).position }));
    const events = log.events.toSpliced(first, moved.length, ...moved);
    return { events, index: first, kind: 'log_entry_differs' };
  },
  'an entry at another position': (log, random) => {
    const index = anyIndex(log, random);
    const event = at(log.events, index);
    const moved = { ...event, position: event.position + 1n };
    return { events: log.events.with(index, moved), index, kind: 'log_position_differs' };
  },
  'a cut tail': (log, random) => {
    const index = anyIndex(log, random);
    return { events: log.events.slice(0, index), index, kind: 'log_entries_missing' };
  },
  'an entry of an earlier time': (log, random) => {
    const index = anyIndex(log, random);
    return withEntry(log, index, replaced(at(log.events, index), /"time":"2026/, '"time":"2025'));
  },
  'an entry with the bytes of another': (log, random) => {
    const [one, other] = twoOf(log, random);
    const [index, from] = random.pick([
      [one, other],
      [other, one],
    ] as const);
    return withEntry(log, index, at(log.events, from).entry);
  },
  'a recorded checkpoint of another tree': (log, random) => {
    const own = log.events.slice(0, log.size).flatMap(({ type }, n) => (type.startsWith('Check') ? [n] : []));
    const index = random.pick(own);
    const [pattern, by] = random.pick([
      [/"root":"..../, `"root":"${random.digits(4)}`],
      [/"size":/, '"size":1'],
    ] as const);
    return withEntry(log, index, replaced(at(log.events, index), pattern, by));
  },
  'a flipped bit of a hash in a tile': (log, random) =>
    onFile(log, random, /^tile\/0\//, (bytes) => {
      const entry = random.integer(0, bytes.length / 32 - 1);
      const hash = flipped(bytes.subarray(entry * 32, entry * 32 + 32), random);
      return [Buffer.concat([bytes.subarray(0, entry * 32), hash, bytes.subarray(entry * 32 + 32)]), entry];
    }),
  'a cut tile': (log, random) =>
    onFile(log, random, /^tile\//, (bytes) => [bytes.subarray(0, random.integer(0, bytes.length - 1)), 0]),
  'another entry in a bundle': (log, random) =>
    onFile(log, random, /^tile\/entries\//, (bytes) => {
      const entries = decodeBundle(bytes);
      const entry = random.integer(0, entries.length - 1);
      return [encodeBundle(entries.with(entry, flipped(entries[entry] as Uint8Array, random))), entry];
    }),
};

/** Two different entries of a log, the first one first. */
const twoOf = (log: MemoryLog, random: SeededRandom): readonly [number, number] => {
  const first = anyIndex(log, random, log.size - 2);
  return [first, random.integer(first + 1, log.size - 1)];
};
