import type { Upstream } from '#mcp/upstream/upstream.types.js';
import type { Catalog } from '../../catalog/catalog.js';

/** Between two looks at one task, however often its server says that it has changed. */
const LOOK_MS_MIN = 1_000;

/** A task that a client wants to hear of. */
export interface TaskWatch {
  readonly server: string;
  readonly taskId: string;
  /** Looks at the task and tells the client. Must not reject. */
  look(): Promise<void>;
}

/**
 * What servers say of tasks by themselves is a hint only: whoever watches the task looks at it with a call of its own, so
 * that what the client hears is decided, masked and on record like every look. In memory of this replica.
 */
export class TaskWatches {
  private readonly watches = new Map<string, Set<() => void>>();
  private readonly heard = new WeakSet<Upstream>();

  constructor(private readonly catalog: Catalog) {
    catalog.onOpened((server) => this.watchAgain(server));
  }

  /** @returns what ends it */
  add({ server, taskId, look }: TaskWatch): () => void {
    const key = keyOf(server, taskId);
    const tell = atMostEvery(LOOK_MS_MIN, look);
    const watching = this.watches.get(key) ?? new Set();
    this.watches.set(key, watching.add(tell.now));
    if (watching.size === 1) this.watchAt(server, taskId);
    return () => {
      tell.stop();
      if (!watching.delete(tell.now) || watching.size > 0) return;
      this.watches.delete(key);
      if (this.catalog.has(server)) this.catalog.server(server).upstream.unwatchTask(taskId);
    };
  }

  private watchAt(server: string, taskId: string): void {
    const { upstream } = this.catalog.server(server);
    if (!this.heard.has(upstream)) {
      this.heard.add(upstream);
      upstream.onTaskChanged((changed) => {
        for (const tell of this.watches.get(keyOf(server, changed)) ?? []) tell();
      });
    }
    upstream.watchTask(taskId);
  }

  /** A server whose configuration changed has a new connection. */
  private watchAgain(server: string): void {
    for (const key of this.watches.keys()) {
      const [name, taskId = ''] = JSON.parse(key) as readonly string[];
      if (name === server) this.watchAt(server, taskId);
    }
  }
}

const keyOf = (server: string, taskId: string): string => JSON.stringify([server, taskId]);

/** One at a time; what is asked for meanwhile is done once afterwards. */
const atMostEvery = (pause_ms: number, run: () => Promise<void>) => {
  let state: 'idle' | 'busy' | 'again' | 'stopped' = 'idle';
  let timer: NodeJS.Timeout | undefined;
  const now = (): void => {
    if (state === 'busy') state = 'again';
    if (state !== 'idle') return;
    state = 'busy';
    void run().then(() => {
      timer = setTimeout(() => {
        const isWanted = state === 'again';
        if (state !== 'stopped') state = 'idle';
        if (isWanted) now();
      }, pause_ms);
      timer.unref();
    });
  };
  const stop = (): void => {
    state = 'stopped';
    clearTimeout(timer);
  };
  return { now, stop };
};
