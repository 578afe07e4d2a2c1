import type { Guard } from '#service/guard.js';
import { end, launch, type Run } from './launch.js';
import { LaunchError, type Program } from './programs.js';

export interface Supervised {
  readonly name: Program['name'];
  /** Undefined while it is down. */
  pid(): number | undefined;
  /** Off: it stays down when it dies. On again: it is started soon if it is down. */
  setRestart(on: boolean): void;
  stop(): Promise<void>;
}

export interface Surroundings {
  readonly guard: Guard;
  /** What the operator is told: deaths and restarts. */
  readonly report: (text: string) => void;
  /** Log lines of the services. */
  readonly log: (line: string) => void;
}

const BACK_OFF_MS = 250;
const BACK_OFF_MS_MAX = 5_000;
/** Up for this long counts as healthy: the next death is a first one again. */
const HEALTHY_MS = 10_000;
const START_MS_MAX = 60_000;

/**
 * Starts a program and keeps it running: whenever it dies it is reported and started again, each time a little later.
 * Does not resolve before the program says that it is up.
 * @throws LaunchError when it ends during its first start, or is not up within a minute
 */
export const supervise = async (program: Program, surroundings: Surroundings): Promise<Supervised> => {
  const { name } = program;
  const { guard, report, log } = surroundings;
  let run: Run | undefined;
  let restart = true;
  let stopped = false;
  let deaths = 0;
  let timer: NodeJS.Timeout | undefined;

  const start = (): Run => {
    const started = launch(program, log);
    const { pid } = started.child;
    run = started;
    if (pid !== undefined) guard.watch(pid);
    void started.ended.then(() => {
      if (pid !== undefined) guard.forget(pid);
      run = undefined;
    });
    return started;
  };

  /** Follows one run to its end and starts the next. */
  const keep = async (current: Run): Promise<void> => {
    const how = await current.ended;
    if (stopped) return;
    deaths = performance.now() - current.started_at > HEALTHY_MS ? 1 : deaths + 1;
    report(`${name} ended (${how})${how.startsWith('exit') ? `: ${current.lastWords(1)}` : ''}`);
    if (restart) startLater();
  };

  const startLater = (): void => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (run !== undefined || stopped) return;
        const next = start();
        report(`${name} is started again`);
        void keep(next);
      },
      Math.min(BACK_OFF_MS * 2 ** (deaths - 1), BACK_OFF_MS_MAX),
    );
  };

  const first = start();
  await firstStart(program, first);
  void keep(first);
  return {
    name,
    pid: () => run?.child.pid,
    setRestart: (on) => {
      restart = on;
      clearTimeout(timer);
      deaths = 1;
      if (on && run === undefined && !stopped) startLater();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      if (run !== undefined) await end(run);
    },
  };
};

/** A program that cannot even start once has something wrong that starting again does not cure. */
const firstStart = async ({ name }: Program, run: Run): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`not ready within ${START_MS_MAX / 1_000} s`), START_MS_MAX);
  });
  const problem = await Promise.race([run.ready, run.ended, late]);
  clearTimeout(timer);
  if (problem === undefined) return;
  await end(run);
  throw new LaunchError(`${name} did not start (${problem}): ${run.lastWords(3)}`);
};
