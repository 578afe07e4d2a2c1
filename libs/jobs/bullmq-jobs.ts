import { Queue, Worker } from 'bullmq';
import type { JobHandler, Jobs } from './jobs.js';

const ATTEMPTS = 5;
const CLOSE_MS_MAX = 1_000;

/** BullMQ on Redis. Redis may forget everything at any time: the approval service schedules again from the log. */
export const bullmqJobs = (
  settings: { readonly redis_url: string; readonly queue: string },
  handler: JobHandler,
  onError: (id: string, error: unknown) => void,
): Jobs => {
  // enableOfflineQueue off: an absent Redis fails the schedule at once instead of hanging the approval behind it.
  const queue = new Queue(settings.queue, {
    connection: { url: settings.redis_url, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
  });
  const worker = new Worker<{ id: string }>(settings.queue, (job) => handler(job.data.id), {
    connection: { url: settings.redis_url, maxRetriesPerRequest: null },
    concurrency: 8,
  });
  queue.on('error', (error) => onError('queue', error));
  worker.on('error', (error) => onError('worker', error));
  worker.on('failed', (job, error) => onError(job?.data.id ?? 'unknown', error));
  return {
    schedule: async (id, at) => {
      await queue.remove(jobId(id));
      await queue.add(
        'due',
        { id },
        {
          jobId: jobId(id),
          delay: Math.max(0, at.getTime() - Date.now()),
          attempts: ATTEMPTS,
          backoff: { type: 'exponential', delay: 500 },
          removeOnComplete: true,
          removeOnFail: true,
        },
      );
    },
    cancel: async (id) => {
      await queue.remove(jobId(id));
    },
    close: async () => {
      // Forced: jobs under way are looked at again by whoever comes next, and an absent Redis must not keep us alive.
      await Promise.race([Promise.allSettled([worker.close(true), queue.close()]), pause(CLOSE_MS_MAX)]);
      worker.disconnect().catch(ignore);
      queue.disconnect().catch(ignore);
    },
  };
};

const pause = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms).unref());

const ignore = (): void => undefined;

/** BullMQ keeps ":" in ids for itself. */
const jobId = (id: string): string => id.replaceAll(':', '_');
