/**
 * The jobs port: an alarm clock, nothing more. A job may change WHEN something is looked at, never WHETHER it happens:
 * handlers look into the log and decide again, so lost, doubled and late jobs are all harmless.
 */
export interface Jobs {
  /** Calls the handler with `id` at or soon after `at`. The same id again moves the job. */
  schedule(id: string, at: Date): Promise<void>;
  /** Schedules those that are not there, and leaves the others as they are. Cheap when nothing is missing. */
  ensure(jobs: readonly Job[]): Promise<void>;
  /** Forgets a job; unknown ids are fine. */
  cancel(id: string): Promise<void>;
  close(): Promise<void>;
}

export interface Job {
  readonly id: string;
  readonly at: Date;
}

export type JobHandler = (id: string) => Promise<void>;

export const JOBS = Symbol('JOBS');
