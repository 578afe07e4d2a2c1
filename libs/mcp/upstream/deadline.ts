export interface Deadline {
  /** Time stands still until each `hold` has had its `release`. */
  hold(): void;
  release(): void;
  stop(): void;
}

/** Calls `onOver` once, `left_ms` from now, times of holding not counted. */
export const startDeadline = (left_ms: number, onOver: () => void): Deadline => {
  let left = left_ms;
  let holders = 0;
  let stopped = false;
  let since = performance.now();
  let timer = setTimeout(onOver, left);
  return {
    hold() {
      holders++;
      if (holders > 1) return;
      clearTimeout(timer);
      left -= performance.now() - since;
    },
    release() {
      holders--;
      if (holders > 0 || stopped) return;
      since = performance.now();
      timer = setTimeout(onOver, Math.max(0, left));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
