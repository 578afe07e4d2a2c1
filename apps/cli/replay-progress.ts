import type { ReplayProgress } from '../ledger/replay/report.js';

/** Without a terminal every line stays, so they come less often. */
const LINE_MS_MIN = 10_000;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells how far a run is: on a terminal in one line that changes, else in a line now and then. */
export const replayProgress = (output: Output, now: () => number = () => performance.now()) => {
  const began = now();
  let shown = began;
  let isLineOpen = false;
  return {
    show: (progress: ReplayProgress): void => {
      const at = now();
      if (output.isTTY === true) {
        output.write(`\r\u001b[K${progressText(progress, at - began)}`);
        isLineOpen = true;
      } else if (at - shown >= LINE_MS_MIN) {
        shown = at;
        output.write(`${progressText(progress, at - began)}\n`);
      }
    },
    end: (): void => {
      if (isLineOpen) output.write('\r\u001b[K');
    },
  };
};

/** Positions tell how much of the log lies behind: they grow with every event of it. */
export const progressText = (progress: ReplayProgress, elapsed_ms: number): string => {
  const { checked, different, unknown_engine, payload_erased } = progress;
  const rate = Math.round((checked * 1_000) / Math.max(1, elapsed_ms));
  const [began, position, until] = [progress.began, progress.position, progress.until].map(Number) as [
    number,
    number,
    number,
  ];
  const done = until > began ? (position - began) / (until - began) : 0;
  const left_s = Math.round((elapsed_ms * (1 - done)) / Math.max(done, Number.EPSILON) / 1_000);
  const time = done > 0 && position < until ? `, ${Math.floor(done * 100)} %, about ${left_s} s left` : '';
  const found = different + unknown_engine + payload_erased;
  return `${checked} replayed, ${found} not identical, ${rate}/s${time}, at ${progress.position}`;
};
