import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a program does to files so that something lasts. Memory-mapped writes are not system calls and not among them. */
export const FILE_CALLS = [
  'write',
  'pwrite64',
  'fsync',
  'fdatasync',
  'ftruncate',
  'rename',
  'unlink',
] as const;

/**
 * `SIGKILL`: the process ends as it enters the call, which is not carried out. The state after a call was carried out is
 * that of a kill at the next site. `EIO`: the call is not carried out and says that it failed; for a flush this is also
 * "failed, but persisted", because the bytes were written before it. A call that is carried out and then says that it
 * failed cannot be made by strace: it leaves out the call whose answer it replaces.
 */
export type Fault = 'SIGKILL' | 'EIO';

/** The n-th call of this name in a thread. */
export interface Site {
  readonly syscall: string;
  readonly nth: number;
}

/** A program that ends by itself and does the same calls each time it is run. */
export interface Program {
  readonly command: readonly string[];
  /** Only calls on exactly these paths count. Without it all calls of the process do, those of its start included. */
  readonly paths?: readonly string[];
  readonly calls?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Why nothing can be injected here (strace is missing, ptrace is not permitted); undefined when it can. */
export const straceProblem = (): string | undefined => {
  const { status, error, stderr } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
};

/** Runs the program once without a fault and answers every place where one can be put. */
export const sitesOf = async (program: Program): Promise<readonly Site[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-strace-'));
  try {
    const trace = join(folder, 'trace');
    const ended = await run(program, trace, []);
    if (ended.code !== 0) throw new Error(`the program failed without a fault: ${ended.errors}`);
    return countedSites(await readFile(trace, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
};

export const runWithFault = (program: Program, { syscall, nth }: Site, fault: Fault): Promise<Ended> => {
  const effect = fault === 'SIGKILL' ? 'signal=SIGKILL' : `error=${fault}`;
  return run(program, '/dev/null', ['-e', `inject=${syscall}:${effect}:when=${nth}`]);
};

/** At most `max` of them, evenly over the whole run. */
export const spread = (sites: readonly Site[], max: number): readonly Site[] =>
  sites.length <= max
    ? sites
    : Array.from({ length: max }, (_, at) => sites[Math.floor((at * sites.length) / max)] as Site);

const run = async (
  { command, paths = [], calls = FILE_CALLS }: Program,
  trace: string,
  inject: readonly string[],
): Promise<Ended> => {
  const filter = paths.flatMap((path) => ['-P', path]);
  const options = ['-f', '-qq', '-o', trace, ...filter, '-e', `trace=${calls.join(',')}`, ...inject];
  const child = spawn('strace', [...options, '--', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, errors };
};

/** strace counts for each thread on its own, and so does this. */
const countedSites = (trace: string): readonly Site[] => {
  const counts = new Map<string, number>();
  const sites = new Map<string, Site>();
  for (const [, thread, syscall = ''] of trace.matchAll(/^(\d+)\s+(\w+)\(/gm)) {
    const nth = (counts.get(`${thread} ${syscall}`) ?? 0) + 1;
    counts.set(`${thread} ${syscall}`, nth);
    sites.set(`${syscall} ${nth}`, { syscall, nth });
  }
  return [...sites.values()];
};
