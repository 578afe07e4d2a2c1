import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import type { Config } from '#config/config.schema.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { parseCheckpoint } from '#tlog/checkpoint.js';
import { leafHash } from '#tlog/merkle.js';
import { parseNote, verifyNote } from '#tlog/note.js';
import type { NoteVerifier } from '#tlog/note-key.js';
import { EMPTY_TREE, growTree, rootOf } from '#tlog/tree.js';
import { allEvents, ORIGIN, openFixtureLog, refusalOf } from '../../apps/ledger/log/log.fixture.js';
import { openLogSigner } from '../../apps/ledger/log/log-key.js';
import { SelfCheck } from '../../apps/ledger/log/self-check.js';
import {
  type Ended,
  type Fault,
  FILE_CALLS,
  type Program,
  pathsOf,
  runWithFault,
  type Site,
  sitesOf,
  spread,
} from './strace.js';

const CHILD = fileURLToPath(new URL('./log-checkpoints.child.js', import.meta.url));
const FAULTS: readonly Fault[] = ['SIGKILL', 'EIO'];
/** Of the machine's two cores. */
const AT_ONCE = 2;
/** How the log makes its files last: tiles, positions, the checkpoint and its cosignatures. */
const CALLS = [...FILE_CALLS, 'openat', 'mkdir', 'rmdir'];

export interface LogOutcome {
  readonly faults: number;
  /** Runs that ended before their last append. */
  readonly cut: number;
  /** Signed notes that had been published before the faults. */
  readonly published: number;
  readonly calls: readonly string[];
}

/** `below`: paths of the log in any folder, relative to it. */
const programIn = (folder: string, below: readonly string[] = []): Program => ({
  // One thread for all file calls: which call is the n-th is then the same each time.
  // The same system calls each time, whatever is compiled already.
  command: ['env', '-u', 'NODE_COMPILE_CACHE', 'UV_THREADPOOL_SIZE=1', process.execPath, CHILD, folder],
  calls: CALLS,
  paths: below.map((path) => join(folder, path)),
});

const signerIn = (folder: string) =>
  openLogSigner({ data_dir: folder, log: {} } as unknown as Config, ORIGIN);

/** With a key already, whose making is not what this is about. */
const inFolder = async <Result>(
  work: (folder: string, verifier: NoteVerifier) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-log-faults-'));
  try {
    return await work(folder, (await signerIn(folder)).verifier);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** Puts each fault at up to `sites_max` places of the checkpoint path, each in a new log, and checks what is left. */
export const injectLogFaults = async (sites_max: number): Promise<LogOutcome> => {
  const below = await inFolder(async (folder) =>
    (await pathsOf(programIn(folder), join(folder, 'log'))).map((path) => relative(folder, path)),
  );
  const sites = spread(await inFolder((folder) => sitesOf(programIn(folder, below))), sites_max);
  const waiting = sites.flatMap((site) => FAULTS.map((fault) => ({ site, fault })));
  const faults = waiting.length;
  const outcomes: { readonly published: number; readonly cut: boolean }[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { site, fault } = next;
      outcomes.push(await inFolder((folder, verifier) => runOne(folder, verifier, below, site, fault)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return {
    faults,
    cut: outcomes.filter(({ cut }) => cut).length,
    published: outcomes.reduce((sum, { published }) => sum + published, 0),
    calls: [...new Set(sites.map(({ syscall }) => syscall))],
  };
};

const runOne = async (
  folder: string,
  verifier: NoteVerifier,
  below: readonly string[],
  site: Site,
  fault: Fault,
) => {
  const ended = await runWithFault(programIn(folder, below), site, fault);
  const where = `${fault} at ${site.syscall} ${site.nth}`;
  // An error is got over: the log tries again.
  if (fault === 'EIO') expect(ended.code, `${where}: ${ended.errors}`).toBe(0);
  const notes = wordsOf(ended, 'published').map((note) => Buffer.from(note, 'base64'));
  const last = await readFile(join(folder, 'log', 'checkpoint')).catch(() => undefined);
  if (last !== undefined) notes.push(last);
  await checkAfter(folder, notes, verifier, wordsOf(ended, 'acknowledged'), where);
  return { published: notes.length, cut: ended.code !== 0 };
};

const wordsOf = ({ out }: Ended, what: string): readonly string[] =>
  [...out.matchAll(/^(\w+) (\S+)\n/gm)].flatMap(([, name, word = '']) => (name === what ? [word] : []));

/** The next log goes on, all that was recorded or published is one tree, and nothing acknowledged is missing. */
const checkAfter = async (
  folder: string,
  notes: readonly Buffer[],
  verifier: NoteVerifier,
  acknowledged: readonly string[],
  where: string,
): Promise<void> => {
  const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  const alarms: unknown[] = [];
  const log = await openFixtureLog(folder, store, { raiseAlarm: async (alarm) => void alarms.push(alarm) });
  try {
    const before = await allEvents(store);
    const ids = new Set(before.map(({ id }) => id));
    const lost = acknowledged.flatMap((line) => line.split(',')).filter((id) => !ids.has(id));
    expect(lost, `${where}: acknowledged and gone`).toEqual([]);
    log.start();
    const { stream, events } = refusalOf();
    const { position } = await store.append(stream, -1, events);
    await vi.waitFor(() => {
      if (log.phase === 'broken') return;
      expect(log.checkpoints.latest?.size ?? -1, where).toBeGreaterThanOrEqual(Number(position));
    }, 30_000);
    const { tree, checkpoints, phase, finding } = log;
    expect([phase, finding?.message, ...alarms], where).toEqual(['running', undefined]);
    if (tree === undefined) throw new Error(`${where}: the log has no tree`);
    await new SelfCheck({ store, tree, checkpoints, self_check: { every_ms: 0, entries: 10_000 } }).step();
    const note = checkpoints.latest?.note ?? '';
    assertOneTree(await allEvents(store), [...notes, Buffer.from(note)], verifier, where);
  } finally {
    await log.close();
    await store.close();
  }
};

/** Every root on record and every published one is that of the first entries of the store as it is now. */
const assertOneTree = (
  events: Awaited<ReturnType<typeof allEvents>>,
  notes: readonly Buffer[],
  verifier: NoteVerifier,
  where: string,
): void => {
  const roots = [rootOf(EMPTY_TREE)];
  let state = EMPTY_TREE;
  for (const { entry } of events) {
    state = growTree(state, [leafHash(entry)]).state;
    roots.push(rootOf(state));
  }
  const rootAt = (size: number) => Buffer.from(roots[size] ?? []).toString('base64');
  const recorded = events
    .filter(({ type }) => type === 'CheckpointRecorded')
    .map(({ entry }) => readEntry(entry).data);
  for (const { size, root } of recorded) expect(root, where).toBe(rootAt(Number(size)));
  const sizes = recorded.map(({ size }) => size);
  expect(new Set(sizes).size, `${where}: two checkpoints of one size`).toBe(sizes.length);
  for (const bytes of notes) {
    const note = parseNote(bytes);
    verifyNote(note, [verifier]);
    const { size, root } = parseCheckpoint(note.text);
    expect(Buffer.from(root).toString('base64'), `${where}: published for ${size}`).toBe(rootAt(size));
    expect(sizes, `${where}: published and not on record`).toContain(size);
  }
};
