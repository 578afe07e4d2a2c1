import { type JobsOptions, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Job, JobHandler, Jobs } from './jobs.js';

const ATTEMPTS = 5;
const CLOSE_MS_MAX = 1_000;
/** An absent Redis must not keep the one who asks waiting. */
const ANSWER_MS_MAX = 2_000;
/** So many are asked for, or added, with one command: Redis does nothing else meanwhile. */
const BATCH = 250;

/** BullMQ on Redis. Redis may forget everything at any time: the approval service schedules again from the log. */
export const bullmqJobs = (
  settings: { readonly redis_url: string; readonly queue: string },
  handler: JobHandler,
  onError: (id: string, error: unknown) => void,
): Jobs => {
  // enableOfflineQueue off: an absent Redis fails the schedule at once instead of hanging the approval behind it.
  const redis = new Redis(settings.redis_url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  const queue = new Queue(settings.queue, { connection: redis });
  const worker = new Worker<{ id: string }>(settings.queue, (job) => handler(job.data.id), {
    connection: { url: settings.redis_url, maxRetriesPerRequest: null },
    concurrency: 8,
  });
  queue.on('error', (error) => onError('queue', error));
  worker.on('error', (error) => onError('worker', error));
  worker.on('failed', (job, error) => onError(job?.data.id ?? 'unknown', error));
  return {
    schedule: (id, at) =>
      inTime(async () => {
        await queue.remove(jobId(id));
        await queue.add('due', { id }, optionsOf({ id, at }));
      }),
    ensure: async (jobs) => {
      for (let start = 0; start < jobs.length; start += BATCH) {
        const batch = jobs.slice(start, start + BATCH);
        await inTime(async () => {
          const there = await redis.exists(batch.map(({ id }) => queue.toKey(jobId(id))));
          // Those that are there stay as they are: BullMQ takes an id once.
          if (there < batch.length)
            await queue.addBulk(
              batch.map((job) => ({ name: 'due', data: { id: job.id }, opts: optionsOf(job) })),
            );
        });
      }
    },
    cancel: (id) =>
      inTime(async () => {
        await queue.remove(jobId(id));
      }),
    close: async () => {
      // Forced: jobs under way are looked at again by whoever comes next, and an absent Redis must not keep us alive.
      await Promise.race([Promise.allSettled([worker.close(true), queue.close()]), pause(CLOSE_MS_MAX)]);
      worker.disconnect().catch(ignore);
      redis.disconnect();
    },
  };
};

const optionsOf = ({ id, at }: Job): JobsOptions => ({
  jobId: jobId(id),
  delay: Math.max(0, at.getTime() - Date.now()),
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: 500 },
  removeOnComplete: true,
  removeOnFail: true,
});

/** @throws Error when Redis does not answer in time; what was asked may still happen, which is harmless */
const inTime = async (ask: () => Promise<void>): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer of Redis in time')), ANSWER_MS_MAX);
  const asked = ask();
  asked.catch(ignore);
  try {
    await Promise.race([asked, promise]);
  } finally {
    clearTimeout(timer);
  }
};

const pause = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms).unref());

const ignore = (): void => undefined;

/** BullMQ keeps ":" in ids for itself. */
const jobId = (id: string): string => id.replaceAll(':', '_');
