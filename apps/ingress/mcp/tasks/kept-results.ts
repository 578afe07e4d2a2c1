import { randomUUID } from 'node:crypto';
import type { GovernedMethod } from '#core/call/target.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { rewriteMembers } from '#mcp/rewrite-members.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';

/** From when it was kept; its client is told so as the task's time to live. */
export const KEPT_MS = 5 * 60_000;
const RESULTS_MAX = 1_024;
const BYTES_MAX = 64 * 1024 * 1024;
/** Nothing is waited for. */
const ANSWER_MS = 1_000;

interface Kept {
  readonly owner: Digest;
  readonly task: Uint8Array;
  readonly until_ms: number;
}

/**
 * Results, as masked and released, that a client of 2025-11-25 asked for as a task and that a modern server gave at once:
 * it must be answered with a task all the same. They answer as tasks of a modern server that have ended. In memory of
 * this replica; when there is no room the oldest goes first.
 */
export class KeptResults {
  private readonly results = new Map<string, Kept>();
  private bytes = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** @returns the new task as it is now (`Task` of the tasks extension), still to be asked for its result */
  keep(owner: Digest, resultBytes: Uint8Array): JsonObject & { readonly taskId: string } {
    const taskId = randomUUID();
    const time = new Date(this.now()).toISOString();
    const about = { taskId, createdAt: time, lastUpdatedAt: time, ttlMs: KEPT_MS, pollIntervalMs: POLL_MS };
    const ended = Buffer.from(JSON.stringify({ resultType: 'complete', ...about, status: 'completed' }));
    const result = Buffer.from(resultBytes).toString('utf8');
    const task = rewriteMembers(ended, { set: { result } });
    this.bytes += task.length;
    this.results.set(taskId, { owner, task, until_ms: this.now() + KEPT_MS });
    for (const [id, { until_ms }] of this.results) {
      const isFull = this.results.size > RESULTS_MAX || this.bytes > BYTES_MAX;
      if (id !== taskId && (isFull || until_ms <= this.now())) this.drop(id);
    }
    // A task begins as a working one (2025-11-25 basic/utilities/tasks, task status lifecycle).
    return { ...about, status: 'working' };
  }

  /** What answers in place of the server (`Here` of a call). */
  answering(
    method: GovernedMethod,
    owner: Digest,
    taskId: string,
  ): { readonly deadline_ms: number; answer(): Promise<CallAnswer> } {
    return { deadline_ms: ANSWER_MS, answer: async () => this.answer(method, owner, taskId) };
  }

  private answer(method: GovernedMethod, owner: Digest, taskId: string): CallAnswer {
    const kept = this.results.get(taskId);
    if (kept === undefined || kept.owner !== owner || kept.until_ms <= this.now()) return GONE;
    return method === 'tasks/get' ? { kind: 'result', bytes: kept.task } : ACKNOWLEDGED;
  }

  private drop(id: string): void {
    this.bytes -= this.results.get(id)?.task.length ?? 0;
    this.results.delete(id);
  }
}

const POLL_MS = 100;
const ACKNOWLEDGED: CallAnswer = { kind: 'result', bytes: Buffer.from('{"resultType":"complete"}') };
const GONE: CallAnswer = {
  kind: 'error',
  bytes: Buffer.from('{"code":-32602,"message":"The task has expired"}'),
};
