import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./sqlite-appender.child.js', import.meta.url));

export interface AppenderProcess {
  /** Complete lines the process has written so far; see sqlite-appender.child.ts. */
  readonly lines: () => string[];
  /** What it wrote to stderr. */
  readonly errors: () => string;
  readonly exited: Promise<number | null>;
  /** Fulfils when there are at least `count` lines, or when the process ends. */
  untilLines(count: number): Promise<void>;
  kill(): Promise<void>;
}

/** `wrapper`: a command to run the process under, such as strace with its arguments. */
export const startAppender = (file: string, wrapper: readonly string[] = []): AppenderProcess => {
  const [command = process.execPath, ...args] = [...wrapper, process.execPath, CHILD, file];
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const exited = once(child, 'close').then(([code]): number | null => code);
  const lines = (): string[] => out.split('\n').slice(0, -1);
  return {
    lines,
    errors: () => errors,
    exited,
    untilLines: async (count) => {
      const ended = exited.then(() => 'ended');
      while (lines().length < count) {
        const tick = new Promise((resolve) => setTimeout(resolve, 5));
        if ((await Promise.race([ended, tick])) === 'ended') return;
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
