import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '#config/config.schema.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { Ledger } from '../ledger.js';
import type { EventIndexReply, EventIndexRequest } from './event-index.messages.js';

const PAGE_EVENTS = 1_000;
/** While nobody asks the index follows at this pace only, so that it takes no time from calls under way. */
const FOLLOW_EVERY_MS = 5_000;

/** Where in the store an event lies, by its id. A file that may be deleted: it comes back from the store. */
@Injectable()
export class EventIndex implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>();
  private worker: Worker | undefined;
  private next = 0;
  private catching: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private is_closed = false;

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const file = join(this.config.data_dir, 'event-index.db');
    this.worker = new Worker(new URL('./event-index.worker.js', import.meta.url), { workerData: { file } });
    this.worker.on('message', ({ n, value, error }: EventIndexReply) => {
      const waiter = this.waiting.get(n);
      this.waiting.delete(n);
      if (error === undefined) waiter?.resolve(value);
      else waiter?.reject(new CountersignError('ledger_unavailable', 'the index of events failed'));
    });
    this.worker.on('error', () => this.fail());
    this.worker.on('exit', () => this.fail());
    this.follow();
  }

  /** Of everything stored up to now. @throws CountersignError ledger_unavailable */
  async positionOf(id: string): Promise<bigint | undefined> {
    // A run under way may have seen the end of the store before this was asked.
    await this.catching?.catch(() => undefined);
    await this.catchUp();
    const { store } = this.ledger;
    const found = (await this.ask({ op: 'find', id })) as readonly {
      position: string;
      before: string | null;
    }[];
    for (const { position, before } of found) {
      const page = await store.readAll({
        limit: 1,
        attachments: false,
        ...(before === null ? {} : { after: BigInt(before) }),
      });
      // Two ids may have the same key; the store has the last word.
      const [event] = page.events;
      if (event?.id === id && event.position === BigInt(position)) return event.position;
    }
    return undefined;
  }

  async onApplicationShutdown(): Promise<void> {
    this.is_closed = true;
    clearTimeout(this.timer);
    await this.catching?.catch(() => undefined);
    await this.ask({ op: 'close' }).catch(() => undefined);
    await this.worker?.terminate();
  }

  private follow(): void {
    this.timer = setTimeout(() => {
      void this.catchUp()
        .catch(() => undefined)
        .finally(() => {
          if (!this.is_closed) this.follow();
        });
    }, FOLLOW_EVERY_MS);
  }

  private catchUp(): Promise<void> {
    this.catching ??= this.run().finally(() => {
      this.catching = undefined;
    });
    return this.catching;
  }

  private async run(): Promise<void> {
    let after = (await this.ask({ op: 'progress' })) as string | null;
    while (!this.is_closed) {
      const page = await this.ledger.store.readAll({
        limit: PAGE_EVENTS,
        attachments: false,
        ...(after === null ? {} : { after: BigInt(after) }),
      });
      if (page.scannedTo === undefined || page.scannedTo.toString() === after) return;
      const events = page.events.map(({ id, position }) => ({ id, position: position.toString() }));
      await this.ask({ op: 'add', events, after, scannedTo: page.scannedTo.toString() });
      after = page.scannedTo.toString();
    }
  }

  private ask(request: EventIndexRequest): Promise<unknown> {
    if (this.worker === undefined) return Promise.reject(new CountersignError('ledger_unavailable'));
    const n = this.next++;
    const waiter = Promise.withResolvers<unknown>();
    this.waiting.set(n, waiter);
    this.worker.postMessage({ n, request });
    return waiter.promise;
  }

  private fail(): void {
    const error = new CountersignError('ledger_unavailable', 'the index of events stopped');
    for (const waiter of this.waiting.values()) waiter.reject(error);
    this.waiting.clear();
    this.worker = undefined;
  }
}
