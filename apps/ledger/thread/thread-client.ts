import { Worker } from 'node:worker_threads';
import { CountersignError } from '#core/errors.js';
import type { ThreadReply } from './answer-requests.js';

/** A database that lives in a thread of its own; requests are carried out in the order they are sent. */
export class ThreadClient<Request extends { readonly op: string }> {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>();
  private next = 0;
  private has_stopped = false;

  /** `name` is what its errors say has failed. */
  constructor(
    entry: URL,
    file: string,
    private readonly name: string,
  ) {
    this.worker = new Worker(entry, { workerData: { file } });
    this.worker.on('message', (reply: ThreadReply) => this.settle(reply));
    this.worker.on('error', () => this.fail());
    this.worker.on('exit', () => this.fail());
  }

  /** @throws CountersignError ledger_unavailable, ledger_full */
  ask(request: Request | { readonly op: 'close' }): Promise<unknown> {
    if (this.has_stopped) return Promise.reject(this.stopped());
    const n = this.next++;
    const waiter = Promise.withResolvers<unknown>();
    this.waiting.set(n, waiter);
    this.worker.postMessage({ n, request });
    return waiter.promise;
  }

  async close(): Promise<void> {
    await this.ask({ op: 'close' }).catch(() => undefined);
    await this.worker.terminate();
  }

  private settle(reply: ThreadReply): void {
    const waiter = this.waiting.get(reply.n);
    this.waiting.delete(reply.n);
    if (!('error' in reply)) waiter?.resolve(reply.value);
    else if (/disk is full/.test(reply.error)) waiter?.reject(new CountersignError('ledger_full'));
    else waiter?.reject(new CountersignError('ledger_unavailable', `${this.name} failed`));
  }

  private fail(): void {
    this.has_stopped = true;
    for (const waiter of this.waiting.values()) waiter.reject(this.stopped());
    this.waiting.clear();
  }

  private stopped(): CountersignError {
    return new CountersignError('ledger_unavailable', `${this.name} has stopped`);
  }
}
