import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type Guard, startGuard } from '#service/guard.js';
import { delay } from './delay.js';
import type { StdioTransport } from './upstream-config.types.js';

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Group leaders that still run. They die with the gateway, even when it ends without closing its upstreams. */
const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
});

let guard: Guard | undefined;

/** The child leads a process group of its own, so that what a wrapper script starts ends with it. */
export const startChild = (transport: StdioTransport): Child => {
  // Before the child: a gateway that is killed between the two leaves nothing behind. Ends what does not mind the end of
  // its input when the gateway could not say 'exit'.
  guard ??= startGuard();
  const { watch, forget } = guard;
  const child = spawn(transport.command, [...(transport.args ?? [])], {
    cwd: transport.cwd,
    env: { ...transport.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    shell: false,
  });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    watch(pid);
    child.once('exit', () => {
      signalGroup(pid, 'SIGKILL');
      running.delete(pid);
      forget(pid);
    });
  }
  // A child that is gone makes writing fail; its end is noticed by 'exit'.
  child.stdin.on('error', () => {});
  return child;
};

/** MCP basic/lifecycle, shutdown: close stdin, then SIGTERM, then SIGKILL, `exit_ms` apart. */
export const stopChild = async (child: Child, exit_ms: number): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const done = new AbortController();
  child.stdin.end();
  void exited.then(() => done.abort());
  await delay(exit_ms, done.signal);
  if (!done.signal.aborted) signalGroup(child.pid, 'SIGTERM');
  await delay(exit_ms, done.signal);
  if (!done.signal.aborted) signalGroup(child.pid, 'SIGKILL');
  await exited;
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the whole group is gone already.
  }
};
