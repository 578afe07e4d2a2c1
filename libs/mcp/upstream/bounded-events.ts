import type { LinkEvents } from './link.js';

export interface BoundedEvents extends LinkEvents {
  stop(): void;
}

/** Changes told at once within one window; those beyond come together at its end, each once. */
const BURST = 20;
const WINDOW_MS = 1_000;
/** Different resources remembered beyond the burst; a server that names more has its changes dropped. */
const LATER_MAX = 1_000;

/** Keeps a server that floods us with changes from keeping us busy. */
export const boundEvents = (events: LinkEvents): BoundedEvents => {
  const { onListChanged, onResourceUpdated, onTaskChanged } = events;
  const later = new Map<string, () => void>();
  let told = 0;
  let window: NodeJS.Timeout | undefined;
  const roll = (): void => {
    window = undefined;
    told = 0;
    const due = [...later.values()];
    later.clear();
    for (const tell of due) tell();
  };
  const pass = (key: string, tell: () => void): void => {
    window ??= setTimeout(roll, WINDOW_MS).unref();
    told++;
    if (told <= BURST) tell();
    else if (later.size < LATER_MAX) later.set(key, tell);
  };
  return {
    onListChanged: (kind) => pass(`list ${kind}`, () => onListChanged(kind)),
    onResourceUpdated: (uri) => pass(`resource ${uri}`, () => onResourceUpdated(uri)),
    onTaskChanged: (taskId) => pass(`task ${taskId}`, () => onTaskChanged(taskId)),
    stop() {
      clearTimeout(window);
      later.clear();
    },
  };
};
