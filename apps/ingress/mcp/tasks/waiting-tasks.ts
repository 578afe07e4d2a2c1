import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import type { TaskQuestions } from './task-questions.js';

/** A task of a legacy server whose `tasks/result` the gateway keeps open. */
export interface WaitingTask {
  readonly questions: TaskQuestions;
  /** Settles when it is open no more; rejects with what refused it. */
  readonly ended: Promise<void>;
}

/** Of one person at one client; each holds a request at an upstream open. */
const WAITING_MAX = 32;

/**
 * Tasks of modern clients at legacy servers that have asked something. In memory of this replica, as the request is that
 * the questions came on.
 */
export class WaitingTasks {
  private readonly tasks = new Map<string, WaitingTask & { readonly owner: Digest }>();

  find(owner: Digest, server: string, taskId: string): WaitingTask | undefined {
    return this.tasks.get(keyOf(owner, server, taskId));
  }

  /** @throws CountersignError busy */
  add(owner: Digest, server: string, taskId: string, waiting: WaitingTask): void {
    const own = [...this.tasks.values()].filter((task) => task.owner === owner);
    if (own.length >= WAITING_MAX)
      throw new CountersignError('busy', `at most ${WAITING_MAX} tasks wait for answers`);
    const key = keyOf(owner, server, taskId);
    this.tasks.set(key, { ...waiting, owner });
    const over = (): void => void this.tasks.delete(key);
    waiting.ended.then(over, over);
  }
}

const keyOf = (owner: Digest, server: string, taskId: string): string => `${owner}\n${server}\n${taskId}`;
