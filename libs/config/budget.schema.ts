import { z } from 'zod';

const CALLS_MAX = 1_000_000_000;
const BYTES_MAX = 1_000_000_000_000;

const calls = (says: string) => z.number().int().min(1).max(CALLS_MAX).optional().describe(says);
const bytes = (says: string) => z.number().int().min(1).max(BYTES_MAX).optional().describe(says);

const limits = {
  calls_per_minute: calls('calls in any 60 s'),
  calls_per_hour: calls('calls in any hour'),
  concurrent_calls: calls('calls under way at a time'),
  argument_bytes: bytes('arguments of one call'),
  argument_bytes_per_hour: bytes('arguments of all calls in any hour'),
  result_bytes: bytes('result of one call; a larger one is withheld'),
  result_bytes_per_hour: bytes('results in any hour; once they are used up further calls are refused'),
};

/** Counted by each replica on its own, in memory: a restart begins anew, and n replicas allow up to n times as much. */
export const budgetsSchema = z
  .strictObject({
    caller: z.strictObject(limits).prefault({}),
    session: z.strictObject({ ...limits, calls: calls('calls of a session in all') }).prefault({}),
    servers: z
      .record(z.string(), z.strictObject(limits))
      .default({})
      .describe('by upstream: what each caller may use there; the same limits as for `caller`'),
  })
  .prefault({});
