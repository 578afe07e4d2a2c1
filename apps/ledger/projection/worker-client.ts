import { Worker } from 'node:worker_threads';
import { CountersignError } from '#core/errors.js';
import type { ProjectionReply, ProjectionRequest } from './projection.messages.js';

/** The read model's database lives in a thread of its own; requests are carried out in the order they are sent. */
export class WorkerClient {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private next = 0;

  constructor(file: string) {
    this.worker = new Worker(new URL('./projection.worker.js', import.meta.url), { workerData: { file } });
    this.worker.on('message', (reply: ProjectionReply) => this.settle(reply));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('the projection worker stopped')));
  }

  /** @throws CountersignError ledger_unavailable, ledger_full */
  ask(request: ProjectionRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const n = this.next++;
      this.waiting.set(n, { resolve, reject });
      this.worker.postMessage({ n, request });
    });
  }

  async close(): Promise<void> {
    await this.ask({ op: 'close' }).catch(() => undefined);
    await this.worker.terminate();
  }

  private settle(reply: ProjectionReply): void {
    const waiter = this.waiting.get(reply.n);
    this.waiting.delete(reply.n);
    if (!('error' in reply)) waiter?.resolve(reply.value);
    else if (/disk is full/.test(reply.error)) waiter?.reject(new CountersignError('ledger_full'));
    else waiter?.reject(new CountersignError('ledger_unavailable', 'the read model failed'));
  }

  private fail(error: Error): void {
    for (const waiter of this.waiting.values()) waiter.reject(error);
    this.waiting.clear();
  }
}
