import { Worker } from 'node:worker_threads';
import { CountersignError } from '#core/errors.js';
import type { EventStore } from '#event-store/event-store.js';
import { PROJECTED_TYPES } from './project-call.js';
import type { ProjectionReply, ProjectionRequest } from './projection.messages.js';
import type { CallFilter, CallItem } from './projection.schema.js';

const PAGE = 1_000;
/** While nobody asks the read model follows at this pace only, so that it takes no time from calls under way. */
const FOLLOW_EVERY_MS = 5_000;

/**
 * Read model of the calls, kept by a worker thread. It follows the log lazily; every question first catches up, so an
 * examiner always reads what has been recorded by then.
 */
export class Projection {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private next = 0;
  private catching: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly store: EventStore,
    file: string,
  ) {
    this.worker = new Worker(new URL('./projection.worker.js', import.meta.url), { workerData: { file } });
    this.worker.on('message', (reply: ProjectionReply) => this.settle(reply));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('the projection worker stopped')));
    this.follow();
  }

  async list(filter: CallFilter): Promise<{ items: readonly CallItem[]; last: number | null }> {
    await this.catchUp();
    return (await this.ask({ op: 'list', filter })) as { items: readonly CallItem[]; last: number | null };
  }

  async openCallStreams(): Promise<readonly string[]> {
    return ((await this.ask({ op: 'open-calls' })) as string[]).map((id) => `call-${id}`);
  }

  /** Applies everything in the log up to now. Concurrent callers share one run. */
  async catchUp(): Promise<void> {
    this.catching ??= this.run().finally(() => {
      this.catching = undefined;
    });
    return this.catching;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.catching?.catch(() => undefined);
    await this.ask({ op: 'close' }).catch(() => undefined);
    await this.worker.terminate();
  }

  private follow(): void {
    this.timer = setTimeout(() => {
      // A store that is away is no reason to stop: the next round tries again.
      void this.catchUp()
        .catch(() => undefined)
        .finally(() => {
          if (!this.closed) this.follow();
        });
    }, FOLLOW_EVERY_MS);
  }

  private async run(): Promise<void> {
    let after = (await this.ask({ op: 'position' })) as string | null;
    while (!this.closed) {
      const page = await this.store.readAll({
        limit: PAGE,
        types: PROJECTED_TYPES,
        attachments: false,
        ...(after === null ? {} : { after: BigInt(after) }),
      });
      if (page.scannedTo === undefined || page.scannedTo.toString() === after) return;
      after = page.scannedTo.toString();
      await this.ask({ op: 'apply', events: page.events.map((event) => event.entry), position: after });
    }
  }

  private ask(request: ProjectionRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const n = this.next++;
      this.waiting.set(n, { resolve, reject });
      this.worker.postMessage({ n, request });
    });
  }

  private settle(reply: ProjectionReply): void {
    const waiter = this.waiting.get(reply.n);
    this.waiting.delete(reply.n);
    if ('error' in reply) waiter?.reject(new CountersignError('ledger_unavailable', 'the read model failed'));
    else waiter?.resolve(reply.value);
  }

  private fail(error: Error): void {
    for (const waiter of this.waiting.values()) waiter.reject(error);
    this.waiting.clear();
  }
}
