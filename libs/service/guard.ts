import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Ends the process groups it was told of when this process is gone, however it went: SIGTERM, after 5 s SIGKILL. */
export interface Guard {
  watch(pid: number): void;
  forget(pid: number): void;
  /** For an ordered end, when nothing is left to watch. */
  close(): void;
}

const MAIN = fileURLToPath(new URL('./guard.main.js', import.meta.url));

/**
 * A process of its own whose standard input only this one holds: the kernel closes that pipe even after SIGKILL. One
 * mechanism for all, because nats-server, redis-server and many MCP servers do not watch a pipe themselves. A guard that
 * dies is replaced; it does not keep this process from ending.
 * @param folder with the passwords of this start; the guard removes it once it has ended everything
 */
export const startGuard = (folder?: string): Guard => {
  const watched = new Set<number>();
  let closed = false;
  let child: ChildProcess;
  const send = (line: string): void => {
    child.stdin?.write(`${line}\n`);
  };
  const start = (): void => {
    // A process group of its own: Ctrl-C in the terminal and a kill of this process's group must not take it along.
    child = spawn(process.execPath, folder === undefined ? [MAIN] : [MAIN, folder], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
      env: {},
    });
    // Writing to a guard that has just died fails; its end is seen by 'exit'.
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    child.unref();
    (child.stdin as Socket | null)?.unref();
    child.once('exit', () => {
      if (!closed) start();
    });
    for (const pid of watched) send(`+${pid}`);
  };
  start();
  return {
    watch: (pid) => {
      watched.add(pid);
      send(`+${pid}`);
    },
    forget: (pid) => {
      watched.delete(pid);
      send(`-${pid}`);
    },
    close: () => {
      closed = true;
      child.stdin?.end();
    },
  };
};
