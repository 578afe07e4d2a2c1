import { spawn } from 'node:child_process';
import { startGuard } from './guard.js';

/** A launcher that only waits: started by guard.spec.ts, which kills it. Prints the process ids of what it started. */
const [, , folder = ''] = process.argv;
const guard = startGuard(folder);
const sleeper = (script: string): number => {
  const { pid } = spawn(process.execPath, ['-e', script], { stdio: 'ignore', detached: true });
  if (pid === undefined) throw new Error('not started');
  guard.watch(pid);
  return pid;
};
const polite = sleeper('setInterval(() => {}, 1000)');
const stubborn = sleeper("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)");
const forgotten = sleeper('setInterval(() => {}, 1000)');
guard.forget(forgotten);
setTimeout(() => console.log(JSON.stringify({ polite, stubborn, forgotten })), 500);
setInterval(() => undefined, 1_000);
