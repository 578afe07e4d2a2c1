import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** Time to end well before they are killed. */
const TERM_MS = 5_000;
const LOOK_MS = 100;

const watched = new Set<number>();

/** False when there is nothing (left) to signal. */
const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};

const endAll = async (): Promise<void> => {
  for (const pid of watched) signal(pid, 'SIGTERM');
  for (let waited_ms = 0; waited_ms < TERM_MS && [...watched].some((pid) => signal(pid, 0)); waited_ms += LOOK_MS) await pause(LOOK_MS);
  // Each leads a process group of its own; what it started goes with it.
  for (const pid of watched) signal(-pid, 'SIGKILL');
};

// Lines `+pid` and `-pid`; the end of the input is the end of the launcher.
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const pid = Number(line.slice(1));
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  if (line.startsWith('+')) watched.add(pid);
  else watched.delete(pid);
});
lines.once('close', () => void endAll());
