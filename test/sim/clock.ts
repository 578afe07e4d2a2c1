import { vi } from 'vitest';

const realTurn = setImmediate;
const START = Date.UTC(2026, 10, 23);

/** The one clock of all processes; it stands still unless the test moves it. */
export const clock = {
  start: (): void => {
    // What is spread by chance is spread the same in every story.
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
  },
  stop: (): void => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  },
  /** No timer of an earlier story rings any more. */
  reset: (): void => {
    vi.clearAllTimers();
    vi.setSystemTime(START);
  },
  /** To the next timer, which rings. */
  next: (): void => {
    vi.advanceTimersToNextTimer();
  },
  advance: (ms: number): void => {
    vi.advanceTimersByTime(ms);
  },
  /** Everything that follows from what has just happened has happened once this returns. */
  turn: (): Promise<void> => new Promise((resolve) => realTurn(resolve)),
};
