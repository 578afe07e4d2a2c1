/** One line on stderr that is written over, at most four times a second; silent when nobody looks at a terminal. */
export const progressLine = (): { show(text: string): void; clear(): void } => {
  const EVERY_MS = 250;
  let shown_at = 0;
  const write = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  return {
    show: (text) => {
      const now = performance.now();
      if (now - shown_at < EVERY_MS) return;
      shown_at = now;
      write(text);
    },
    clear: () => {
      if (shown_at > 0) write('');
    },
  };
};
