import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus } from '#bus/bus.js';
import { callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { indexPolicy } from '#core/policy/index-policy.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import { DECISION_TYPES, MASKING_TYPES, RecordChecks } from './check-record.js';
import { inOrder, type Started } from './in-order.js';
import { readPages } from './read-pages.js';
import type { Checked, ReplayLine, ReplaySummary } from './report.js';
import { Tally } from './tally.js';

export interface ReplayRange {
  readonly call?: string;
  /** RFC 3339; of the events that are checked. */
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
  /** Decide with this bundle instead of the recorded one; maskings are not replayed then. */
  readonly with?: PolicyBundle;
  /** Store position: only what is behind it (the `next` or `position` of an earlier run). */
  readonly after?: bigint;
  /** Store position: nothing behind it. Default: the end of the log as it is reached. */
  readonly until?: bigint;
}

export interface ReplayOptions {
  /** Ends the run early, with a summary that says where to go on. */
  readonly signal?: AbortSignal;
}

/** What is under way at once: enough to keep masking busy, little enough that calls are served beside it. */
const UNDER_WAY = { items_max: 64, bytes_max: 4 * 1024 * 1024 };
const PROGRESS_MS = 1_000;
/** A run gives way to the calls of its process after this long. */
const TURN_MS_MAX = 4;

interface Step {
  readonly position: bigint;
  readonly checked?: Checked;
}

/** Re-executes recorded decisions and maskings from their recorded inputs and compares bytes (promise G7). Touches no upstream. */
export class Replay {
  constructor(
    private readonly store: EventStore,
    private readonly bus: Bus,
  ) {}

  async run(range: ReplayRange, options: ReplayOptions = {}): Promise<ReplaySummary> {
    for await (const line of this.lines(range, options)) if ('summary' in line) return line.summary;
    throw new TypeError('a run ends with its summary');
  }

  /**
   * The run as it goes: differences as they are found, progress about every second, and the summary last. Takes bounded
   * memory, however long the log; stops when nobody takes the lines.
   * @throws CountersignError not_found, masking_unavailable; StoreUnavailable
   */
  async *lines(range: ReplayRange, { signal }: ReplayOptions = {}): AsyncGenerator<ReplayLine> {
    const tally = new Tally(range.with !== undefined);
    const began = range.after ?? 0n;
    let position = began;
    let told = Number.NEGATIVE_INFINITY;
    let turn = performance.now();
    for await (const step of inOrder(this.steps(range), UNDER_WAY)) {
      position = step.position;
      const difference = step.checked && tally.add(step.checked);
      if (difference !== undefined) yield { difference };
      if (signal?.aborted) {
        yield { summary: tally.summary(position.toString()) };
        return;
      }
      const now = performance.now();
      if (now - told > PROGRESS_MS) {
        told = now;
        const [until, at] = [(range.until ?? position).toString(), position.toString()];
        const { checked, counts } = tally;
        yield { progress: { checked, ...counts, began: began.toString(), position: at, until } };
      }
      if (now - turn > TURN_MS_MAX) {
        await nextTurn();
        turn = performance.now();
      }
    }
    yield { summary: tally.summary(null) };
  }

  private async *steps(range: ReplayRange): AsyncGenerator<Started<Step>> {
    const checks = new RecordChecks(this.store, this.bus, range.with && indexPolicy(range.with));
    const isWanted = within(range);
    const types = range.with === undefined ? [...DECISION_TYPES, ...MASKING_TYPES] : DECISION_TYPES;
    const pages = range.call === undefined ? readPages(this.store, types, range) : this.call(range.call);
    for await (const { events, scannedTo } of pages) {
      for (const stored of events) {
        const { position } = stored;
        const checking = checks.start(stored, isWanted(stored));
        if (checking === undefined) continue;
        const bytes = stored.entry.length + (stored.attachment?.length ?? 0);
        yield { bytes, result: checking.then((checked) => ({ position, checked })) };
      }
      yield { bytes: 0, result: Promise.resolve({ position: scannedTo }) };
    }
  }

  private async *call(id: string) {
    const events = await this.store.readStream(callStream(id));
    const last = events.at(-1);
    if (last === undefined) throw new CountersignError('not_found', `no call ${id}`);
    yield { events, scannedTo: last.position };
  }
}

const within = ({ from, to }: ReplayRange): ((stored: StoredEvent) => boolean) => {
  if (from === undefined && to === undefined) return () => true;
  const [begin, end] = [from, to].map((time) => (time === undefined ? Number.NaN : Date.parse(time)));
  return ({ entry }) => {
    const time = timeOf(entry);
    // What does not say its time may be of this range: better checked than skipped.
    return !(time < (begin as number)) && !(time >= (end as number));
  };
};

const timeOf = (entry: Uint8Array): number => {
  try {
    return Date.parse(readEntry(entry).time);
  } catch {
    return Number.NaN;
  }
};
