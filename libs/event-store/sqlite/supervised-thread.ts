import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 5_000;

export interface SupervisedThread<Message> {
  /** Fulfils with the first answer of the first thread; rejects when the first start fails: no restart then. */
  readonly started: Promise<void>;
  /** False when there is no thread to hand it to: the message went nowhere. */
  post(message: Message): boolean;
  /** Hands over `last`, after which the thread is expected to end by itself, and waits for that. */
  close(last: Message): Promise<void>;
}

interface ThreadOptions<Answer> {
  readonly name: string;
  readonly entry: URL;
  /** `workerData` of a thread; `restarts` is 0 for the first. */
  readonly data: (restarts: number) => unknown;
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
  /** From its first answer to its death. */
  let is_up = false;
  let is_closing = false;
  let delay_ms = RESTART_DELAY_MIN_MS;
  let restarts = 0;
  let restart: NodeJS.Timeout | undefined;
  const stopRestarting = (): void => {
    is_closing = true;
    clearTimeout(restart);
  };

  const onAnswer = (answer: Answer): void => {
    is_up = true;
    delay_ms = RESTART_DELAY_MIN_MS;
    started.resolve();
    options.onAnswer(answer);
  };
  const onExit = (reason: string): void => {
    is_up = false;
    worker = undefined;
    // Without effect once started: later deaths are followed by a restart.
    started.reject(new Error(reason));
    options.onDeath(reason);
    if (!is_closing) restart = setTimeout(start, delay_ms);
    delay_ms = Math.min(2 * delay_ms, RESTART_DELAY_MAX_MS);
  };
  const start = (): void => {
    worker = startThread(options, options.data(restarts++), onAnswer, onExit);
  };
  started.promise.catch(stopRestarting);
  start();

  return {
    started: started.promise,
    post: (message) => {
      if (is_up) worker?.postMessage(message);
      return is_up;
    },
    close: async (last) => {
      stopRestarting();
      if (!worker) return;
      const ended = once(worker, 'exit');
      worker.postMessage(last);
      await ended;
    },
  };
};

const startThread = <Answer>(
  { name, entry }: ThreadOptions<Answer>,
  workerData: unknown,
  onAnswer: (answer: Answer) => void,
  onExit: (reason: string) => void,
): Worker => {
  let reason = 'the thread ended';
  const thread = new Worker(entry, { name, workerData });
  thread.on('message', onAnswer);
  thread.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  thread.on('exit', () => onExit(reason));
  return thread;
};
