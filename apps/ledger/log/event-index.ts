import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '#config/config.schema.js';
import { CONFIG } from '#http/platform.module.js';
import { Ledger } from '../ledger.js';
import { quietSince } from '../thread/quiet.js';
import { ThreadClient } from '../thread/thread-client.js';
import type { EventIndexRequest } from './event-index.messages.js';

const PAGE_EVENTS = 1_000;
/** While nobody asks the index follows at this pace only, and only when calls leave room. */
const FOLLOW_EVERY_MS = 5_000;

/** Where in the store an event lies, by its id. A file that may be deleted: it comes back from the store. */
@Injectable()
export class EventIndex implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly worker: ThreadClient<EventIndexRequest>;
  private catching: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private is_closed = false;

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(CONFIG) config: Config,
  ) {
    const entry = new URL('./event-index.worker.js', import.meta.url);
    this.worker = new ThreadClient(entry, join(config.data_dir, 'event-index.db'), 'the index of events');
  }

  onApplicationBootstrap(): void {
    this.follow();
  }

  /** Of everything stored up to now. @throws CountersignError ledger_unavailable */
  async positionOf(id: string): Promise<bigint | undefined> {
    // A run under way may have seen the end of the store before this was asked.
    await this.catching?.catch(() => undefined);
    await this.catchUp();
    const { store } = this.ledger;
    const found = (await this.worker.ask({ op: 'find', id })) as readonly {
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
    await this.worker.close();
  }

  private follow(): void {
    const isQuiet = quietSince();
    this.timer = setTimeout(() => {
      void (isQuiet() ? this.catchUp() : Promise.resolve())
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
    let after = (await this.worker.ask({ op: 'progress' })) as string | null;
    while (!this.is_closed) {
      const page = await this.ledger.store.readAll({
        limit: PAGE_EVENTS,
        attachments: false,
        ...(after === null ? {} : { after: BigInt(after) }),
      });
      if (page.scannedTo === undefined || page.scannedTo.toString() === after) return;
      const events = page.events.map(({ id, position }) => ({ id, position: position.toString() }));
      await this.worker.ask({ op: 'add', events, after, scannedTo: page.scannedTo.toString() });
      after = page.scannedTo.toString();
    }
  }
}
