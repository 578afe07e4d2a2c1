import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Program } from './programs.js';

/** One run of a program. */
export interface Run {
  readonly child: ChildProcess;
  /** Settles with the line that says it is up; never when none comes. */
  readonly ready: Promise<void>;
  /** Settles when the process and its output have ended, with how it ended. */
  readonly ended: Promise<string>;
  readonly started_at: number;
  /** The last lines of its output, for whoever must know why it ended. */
  lastWords(lines: number): string;
}

const LINES_KEPT = 20;
const STOP_MS_MAX = 10_000;

/** Starts a program in a process group of its own: Ctrl-C in the terminal must reach only the launcher, which ends all in order. */
export const launch = (program: Program, log: (line: string) => void): Run => {
  const { command, args, env, input } = program;
  const child = spawn(command, [...args], {
    env,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const kept: string[] = [];
  const ready = new Promise<void>((resolve) => {
    const read = (stream: Readable | null, logged: boolean): void => {
      if (stream === null) return;
      createInterface({ input: stream }).on('line', (line) => {
        kept.push(line);
        if (kept.length > LINES_KEPT) kept.shift();
        if (program.ready.test(line)) resolve();
        if (logged) log(line);
      });
    };
    read(child.stdout, false);
    read(child.stderr, program.logs);
  });
  // A program that ends at once breaks the pipe; its end is what counts.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  // A program that cannot be started at all still gets its 'close'.
  child.on('error', (error) => kept.push(error.message));
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    child,
    ready,
    ended,
    started_at: performance.now(),
    lastWords: (lines) => kept.filter(isTelling).slice(-lines).join(' | '),
  };
};

/** A stack trace and what Node prints around it do not say what went wrong; the line before them does. */
const isTelling = (line: string): boolean => !/^\s*(?:at |\^|$|Node\.js v)/.test(line);

/** SIGTERM; after ten seconds SIGKILL for its whole process group. */
export const end = async ({ child, ended }: Run): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => killGroup(child.pid), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
};

const killGroup = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the whole group is gone already.
  }
};
