import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from '#config/config.schema.js';
import type { Interference } from '#event-store/event-store.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { Ledger } from '../ledger.js';
import { Alarms } from './alarms.js';
import { isStillThere, type LastSeen, readLastSeen, writeLastSeen } from './last-seen.js';

const LOOK_EVERY_MS = 5_000;

/**
 * Raises an alarm for what others do to the event store, and for an end that is gone: the last event that this ledger
 * stored is kept in a file, and has to be in the store at the next start and every few seconds in between.
 */
@Injectable()
export class StoreWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly file: string;
  private working: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Alarms) private readonly alarms: Alarms,
    @Inject(CONFIG) { data_dir }: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.file = join(data_dir, 'last-event.json');
  }

  onApplicationBootstrap(): void {
    this.working = Promise.all([
      this.again('others', () => this.watchOthers()),
      this.again('end', () => this.watchEnd()),
    ]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  /** Until the shutdown: a store that is away is no reason to stop watching it. */
  private async again(part: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        if (!signal.aborted) this.logger.warn({ err: error, part }, 'cannot watch the event store now');
      });
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async watchOthers(): Promise<void> {
    const tell = ({ kind, detail, about }: Interference): void =>
      void this.alarms.raiseAlarm({ kind: `store_${kind}`, detail, about });
    await this.ledger.store.watchInterferences(this.stopping.signal, tell);
  }

  private async watchEnd(): Promise<void> {
    const seen = await readLastSeen(this.file);
    if (seen !== undefined && !(await isStillThere(this.ledger.store, seen))) await this.raiseTruncated(seen);
    const last = this.ledger.lastStored;
    if (last !== undefined && last.id !== seen?.id) await writeLastSeen(this.file, last);
  }

  private raiseTruncated(about: LastSeen): Promise<void> {
    const detail =
      `event ${about.id} was stored at position ${about.position} and is no longer there: ` +
      'the end is cut off, or an older copy was put back';
    return this.alarms.raiseAlarm({ kind: 'store_truncated', detail, about: { ...about } });
  }
}
