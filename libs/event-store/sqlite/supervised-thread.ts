import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 5_000;

export interface SupervisedThread<Message> {
  /** Fulfils with the first answer of the first thread; rejects when the first start fails: no restart then. */
  readonly started: Promise<void>;
  /** False between the death of a thread and the first answer of the next one. */
  readonly isUp: () => boolean;
  /** False when there is no thread to hand it to: the message went nowhere. */
  post(message: Message): boolean;
  /** Hands over `last`, after which the thread is expected to end by itself, and waits for that. */
  close(last: Message): Promise<void>;
}

interface ThreadOptions<Answer> {
  readonly name: string;
  readonly entry: URL;
  readonly data: unknown;
  readonly onAnswer: (answer: Answer) => void;
  /** The thread is gone and every message without an answer stays without one. */
  readonly onDeath: (reason: string) => void;
}

/** A worker thread that is started again, after a growing pause, when it dies. */
export const superviseThread = <Message, Answer>(
  options: ThreadOptions<Answer>,
): SupervisedThread<Message> => {
  const started = Promise.withResolvers<void>();
  let worker: Worker | undefined;
  let up = false;
  let closing = false;
  let delay_ms = RESTART_DELAY_MIN_MS;
  let restart: NodeJS.Timeout | undefined;

  const start = (): void => {
    let reason = 'the thread ended';
    const thread = new Worker(options.entry, { name: options.name, workerData: options.data });
    worker = thread;
    thread.on('message', (answer: Answer) => {
      if (!up) {
        up = true;
        delay_ms = RESTART_DELAY_MIN_MS;
        started.resolve();
      }
      options.onAnswer(answer);
    });
    thread.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    thread.on('exit', () => {
      up = false;
      worker = undefined;
      // Without effect once started: later deaths are restarted.
      started.reject(new Error(reason));
      options.onDeath(reason);
      if (!closing) restart = setTimeout(start, delay_ms);
      delay_ms = Math.min(2 * delay_ms, RESTART_DELAY_MAX_MS);
    });
  };
  started.promise.catch(() => {
    closing = true;
    clearTimeout(restart);
  });
  start();

  return {
    started: started.promise,
    isUp: () => up,
    post: (message) => {
      if (!up || !worker) return false;
      worker.postMessage(message);
      return true;
    },
    close: async (last) => {
      closing = true;
      clearTimeout(restart);
      if (!worker) return;
      const ended = once(worker, 'exit');
      worker.postMessage(last);
      await ended;
    },
  };
};
