import type { Logger } from 'pino';
import { ledgerReadAll, type WireEvent } from '#contracts/ledger.js';
import type { Bus } from './bus.js';

export interface FollowOptions {
  readonly types: readonly string[];
  /** False: what travels beside the entries stays in the ledger. */
  readonly attachments?: boolean;
  /** Events in one answer, 1 to 1,000; as many as surely fit into one message of the bus. */
  readonly page: number;
  /** At the end of the log: how long the ledger waits for something new before it answers, 0 to 1,000. */
  readonly wait_ms: number;
  /** At the end of the log: from one look to the next. */
  readonly pause_ms: number;
  /** In the order of the log, at least once each. A page whose handling throws is read again. */
  onEvents(events: readonly WireEvent[]): void;
  /** Everything that was recorded at that moment, by `performance.now()`, has been handed over. Each time the end is seen. */
  onEnd?(asOf: number): void;
  /** Once, when everything recorded before the start has been handed over; nothing is read until it has settled. */
  onCaughtUp?(): Promise<void>;
}

const RETRY_MS = 250;

/** By the clock that everything else here runs by; the promises of node:timers have one of their own. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, signal.aborted ? 0 : ms);
    signal.addEventListener('abort', done);
  });

/**
 * Hands over the events of some types from the beginning of the log, and then whatever is added: the rebuild at start and
 * the daily work are the same path. While the ledger is away it asks again, for ever.
 */
export class LogFollower {
  private readonly stopping = new AbortController();
  private readonly past = Promise.withResolvers<void>();
  private isPastRead = false;
  private after: string | undefined;
  private reading: Promise<boolean> | undefined;
  private following: Promise<void> = Promise.resolve();
  /** Fulfils once everything that was recorded before the start has been handed over. */
  readonly caughtUp: Promise<void> = this.past.promise;

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
    private readonly options: FollowOptions,
  ) {}

  get isCaughtUp(): boolean {
    return this.isPastRead;
  }

  start(): void {
    this.following = this.follow();
  }

  /** Nothing is read or handed over once this returns. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following;
  }

  /** Reads on to the end of the log, or to the stop. @throws CountersignError ledger_unavailable */
  async catchUp(): Promise<void> {
    // The read under way may have been answered before the caller's own append.
    await this.reading?.catch(() => undefined);
    while (!this.stopping.signal.aborted && !(await this.read()));
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    const { pause_ms, onCaughtUp } = this.options;
    while (!signal.aborted) {
      let rest_ms = pause_ms;
      try {
        await this.catchUp();
        if (!this.isPastRead && !signal.aborted) {
          this.isPastRead = true;
          this.past.resolve();
          await onCaughtUp?.();
        }
      } catch (error) {
        this.logger.debug({ code: (error as { code?: unknown }).code }, 'cannot follow the log just now');
        rest_ms = RETRY_MS;
      }
      await pause(rest_ms, signal);
    }
  }

  /** One page; true at the end. Pages are read one after the other, whoever asks. */
  private read(): Promise<boolean> {
    this.reading ??= this.readPage().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async readPage(): Promise<boolean> {
    const { types, attachments, page, wait_ms, onEvents, onEnd } = this.options;
    const asOf = performance.now();
    const { events, scannedTo } = await this.bus.request(ledgerReadAll, {
      limit: page,
      types: [...types],
      ...(attachments === undefined ? {} : { attachments }),
      wait_ms: this.isPastRead ? wait_ms : 0,
      ...(this.after === undefined ? {} : { after: this.after }),
    });
    onEvents(events);
    this.after = scannedTo ?? this.after;
    if (events.length === 0) onEnd?.(asOf);
    return events.length === 0;
  }
}
