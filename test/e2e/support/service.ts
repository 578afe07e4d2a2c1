import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Guard, startGuard } from '#service/guard.js';

export interface ServiceOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it writes once it can be asked. */
  readonly ready: RegExp;
}

/** A child process that can be killed, frozen and started again with the same arguments. */
export interface Service {
  readonly name: string;
  /** Everything that all of its runs have written, both streams. */
  output(): string;
  isAlive(): boolean;
  pid(): number;
  /** Starts it and waits for its ready line. */
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and the wait for the end. */
  kill(): Promise<void>;
  /** SIGTERM first. */
  stop(): Promise<void>;
}

/** Where Node keeps compiled code, for quick starts. */
const folder = process.env['NODE_COMPILE_CACHE'];
const COMPILED = folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
const READY_MS = 60_000;
const STOP_MS = 15_000;

let guard: Guard | undefined;
/** Ends the children when this process is gone, even by SIGKILL. Started with the first child. */
const theGuard = (): Guard => {
  guard ??= startGuard();
  return guard;
};

/** A service that is not started yet. */
export const service = ({ name, command, args, env = {}, ready }: ServiceOptions): Service => {
  let output = '';
  let child: ChildProcess | undefined;
  const alive = (): ChildProcess | undefined =>
    child !== undefined && child.exitCode === null && child.signalCode === null ? child : undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = alive();
    if (ending === undefined) return;
    const exit = once(ending, 'exit');
    ending.kill('SIGCONT');
    ending.kill(signal);
    const force = setTimeout(() => ending.kill('SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(force);
  };
  const start = async (): Promise<void> => {
    const started = spawn(command, args, {
      env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, which the guard ends as a whole.
      detached: true,
    });
    child = started;
    if (started.pid !== undefined) theGuard().watch(started.pid);
    const from = output.length;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${name} ${why}\n${output.slice(from).slice(-4_000)}`));
      const timer = setTimeout(() => fail(`was not ready within ${READY_MS} ms`), READY_MS);
      const take = (text: string): void => {
        output += text;
        if (!ready.test(output.slice(from))) return;
        clearTimeout(timer);
        resolve();
      };
      started.stdout.setEncoding('utf8').on('data', take);
      started.stderr.setEncoding('utf8').on('data', take);
      started.once('error', (error) => fail(error.message));
      started.once('exit', (code, signal) => {
        if (started.pid !== undefined) theGuard().forget(started.pid);
        clearTimeout(timer);
        fail(`ended with ${code ?? signal}`);
      });
    });
  };
  return {
    name,
    output: () => output,
    isAlive: () => alive() !== undefined,
    pid: () => alive()?.pid ?? -1,
    start,
    signal: (signal) => void alive()?.kill(signal),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};
