import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** Time for all of them to end well; then they are killed. */
const TERM_MS = 5_000;
const LOOK_MS = 50;

const [, , folder] = process.argv;
const watched = new Set<number>();

/** False when there is nothing (left) to signal. */
const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};

/** One after the other, the youngest first: what was started last needs the others to end well. */
const endAll = async (): Promise<void> => {
  const until = performance.now() + TERM_MS;
  for (const pid of [...watched].reverse()) {
    signal(pid, 'SIGTERM');
    while (performance.now() < until && signal(pid, 0)) await pause(LOOK_MS);
  }
  // Each leads a process group of its own; what it started goes with it.
  for (const pid of watched) signal(-pid, 'SIGKILL');
  if (watched.size > 0 && folder !== undefined) await rm(folder, { recursive: true, force: true });
};

// Lines `+pid` and `-pid`; the end of the input is the end of the process that wrote them.
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const pid = Number(line.slice(1));
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  if (line.startsWith('+')) watched.add(pid);
  else watched.delete(pid);
});
lines.once('close', () => void endAll());
