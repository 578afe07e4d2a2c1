const SESSIONS_MAX = 10_000;
/** Of one session; beyond them nothing is told of the oldest. */
const TASKS_MAX = 100;

/**
 * The tasks that legacy sessions have begun, for the stream that tells of them: 2025-11-25 has no request to watch a task.
 * In memory of this replica, and only a service: clients must not rely on what they are told (basic/utilities/tasks).
 */
export class SessionTasks {
  private readonly tasks = new Map<string, Set<string>>();
  private readonly followers = new Map<string, Set<(shownTaskId: string) => void>>();

  begun(sessionId: string, shownTaskId: string): void {
    const own = this.tasks.get(sessionId) ?? new Set();
    // Last in the map: used last.
    this.tasks.delete(sessionId);
    this.tasks.set(sessionId, own.add(shownTaskId));
    dropOldest(own, TASKS_MAX);
    dropOldest(this.tasks, SESSIONS_MAX);
    for (const follow of this.followers.get(sessionId) ?? []) follow(shownTaskId);
  }

  ended(sessionId: string, shownTaskId: string): void {
    this.tasks.get(sessionId)?.delete(shownTaskId);
  }

  /** Calls for each task of the session, now and later. @returns what ends it */
  follow(sessionId: string, follower: (shownTaskId: string) => void): () => void {
    const followers = this.followers.get(sessionId) ?? new Set();
    this.followers.set(sessionId, followers.add(follower));
    for (const shownTaskId of this.tasks.get(sessionId) ?? []) follower(shownTaskId);
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.followers.get(sessionId) === followers)
        this.followers.delete(sessionId);
    };
  }
}

const dropOldest = (
  all: { readonly size: number; keys(): Iterator<string>; delete(key: string): unknown },
  max: number,
): void => {
  if (all.size <= max) return;
  const { value } = all.keys().next();
  if (value !== undefined) all.delete(value);
};
