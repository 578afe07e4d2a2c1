import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '#bus/bus.js';
import { maskingReplay, REPLAY_ITEMS_MAX, type ReplayedItem, type ReplayItem } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';

/** A message on the bus and the time it takes to mask it stay far below what the bus and its deadline allow. */
const BATCH_BYTES_MAX = 1024 * 1024;
const ATTEMPTS_MAX = 5;
const RETRY_MS = 500;

interface Waiting {
  readonly item: ReplayItem;
  readonly bytes: number;
  readonly answer: PromiseWithResolvers<ReplayedItem>;
}

/** Gathers what is asked within one turn of the event loop into few requests to the masking service. */
export class MaskingBatch {
  private waiting: Waiting[] = [];
  private bytes = 0;
  private scheduled = false;

  constructor(private readonly bus: Bus) {}

  /** @throws CountersignError masking_unavailable when it does not answer although it was asked several times */
  ask(item: ReplayItem): Promise<ReplayedItem> {
    const bytes = bytesOf(item);
    if (this.waiting.length >= REPLAY_ITEMS_MAX || this.bytes + bytes > BATCH_BYTES_MAX) this.send();
    const answer = Promise.withResolvers<ReplayedItem>();
    this.waiting.push({ item, bytes, answer });
    this.bytes += bytes;
    if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(() => {
        this.scheduled = false;
        this.send();
      });
    }
    return answer.promise;
  }

  private send(): void {
    const batch = this.waiting;
    this.waiting = [];
    this.bytes = 0;
    if (batch.length === 0) return;
    this.request(batch.map(({ item }) => item)).then(
      (items) => {
        for (const [at, { answer }] of batch.entries()) answer.resolve(items[at] as ReplayedItem);
      },
      (error: unknown) => {
        for (const { answer } of batch) answer.reject(error);
      },
    );
  }

  private async request(items: ReplayItem[]): Promise<readonly ReplayedItem[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.bus.request(maskingReplay, { items });
        if (reply.items.length === items.length) return reply.items;
        throw new CountersignError('masking_unavailable', 'the reply does not fit the request');
      } catch (error) {
        // Nothing is changed by asking again; a service that restarts must not end a run of hours.
        if (attempt === ATTEMPTS_MAX) throw error;
        await pause(RETRY_MS * attempt);
      }
    }
  }
}

const bytesOf = (item: ReplayItem): number =>
  item.do === 'open'
    ? item.payload.sealed.length
    : item.original.sealed.length + (item.masked?.sealed.length ?? 0);
