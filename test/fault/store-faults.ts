import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { checkSqliteStore } from '#event-store/sqlite/check-sqlite-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { type Ended, type Fault, type Program, runWithFault, type Site, sitesOf, spread } from './strace.js';

const CHILD = fileURLToPath(new URL('./store-appends.child.js', import.meta.url));
const FAULTS: readonly Fault[] = ['SIGKILL', 'EIO'];
/** Of the machine's two cores. */
const AT_ONCE = 2;

export interface Outcome {
  readonly faults: number;
  /** Appends that were answered as durable, over all runs. */
  readonly acknowledged: number;
  /** Runs that ended before their last append. */
  readonly cut: number;
}

const programIn = (folder: string): Program & { readonly file: string } => {
  const file = join(folder, 'events.db');
  const paths = [file, `${file}-wal`, `${file}-shm`, folder];
  return { command: [process.execPath, CHILD, file], paths, file };
};

const inFolder = async <Result>(work: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-store-faults-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** Puts each fault at up to `sites_max` places of the append path, each in a new store, and checks what is left. */
export const injectStoreFaults = async (sites_max: number): Promise<Outcome> => {
  const sites = spread(await inFolder((folder) => sitesOf(programIn(folder))), sites_max);
  // Otherwise nothing of the append path was found, and the rest would show nothing.
  const calls = new Set(sites.map(({ syscall }) => syscall));
  for (const call of ['pwrite64', 'fsync']) expect(calls).toContain(call);
  const waiting = sites.flatMap((site) => FAULTS.map((fault) => ({ site, fault })));
  const faults = waiting.length;
  const outcomes: { readonly acknowledged: number; readonly cut: boolean }[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { site, fault } = next;
      outcomes.push(await inFolder((folder) => runOne(folder, site, fault)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return {
    faults,
    acknowledged: outcomes.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    cut: outcomes.filter(({ cut }) => cut).length,
  };
};

const runOne = async (folder: string, site: Site, fault: Fault) => {
  const program = programIn(folder);
  const ended = await runWithFault(program, site, fault);
  const where = `${fault} at ${site.syscall} ${site.nth}`;
  await checkAfter(program.file, ended, where);
  return { acknowledged: acknowledgedBy(ended).length, cut: ended.code !== 0 };
};

const acknowledgedBy = ({ out }: Ended): readonly { stream: string; ids: readonly string[] }[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [stream = '', ids = ''] = line.split(' ');
      return { stream, ids: ids.split(',') };
    });

/** Nothing acknowledged is missing, nothing is half there, and the store goes on. */
const checkAfter = async (file: string, ended: Ended, where: string): Promise<void> => {
  const store = await openSqliteEventStore({ file });
  try {
    const found = new Set<string>();
    for (const { id } of (await store.readAll({ limit: 1_000 })).events) found.add(id);
    for (const { stream, ids } of acknowledgedBy(ended)) {
      expect(
        ids.filter((id) => !found.has(id)),
        `${where}: acknowledged in ${stream} and gone`,
      ).toEqual([]);
    }
    expect(found.size % 3, `${where}: a part of an append is there`).toBe(0);
    await store.append('after', -1, [{ id: crypto.randomUUID(), type: 'After', entry: Buffer.from('{}') }]);
  } finally {
    await store.close();
  }
  const { problem } = checkSqliteStore({ file, checkEvent: () => undefined });
  expect(problem, where).toBeUndefined();
};
