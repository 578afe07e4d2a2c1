import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEntry } from '#core/evidence/read-entry.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { parseCheckpoint } from '#tlog/checkpoint.js';
import { leafHash } from '#tlog/merkle.js';
import { parseNote } from '#tlog/note.js';
import { EMPTY_TREE, growTree, rootOf } from '#tlog/tree.js';
import { allEvents, openFixtureLog } from '../../apps/ledger/log/log.fixture.js';

const CHILD = fileURLToPath(new URL('./log-appends.child.js', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-killed-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Answers how it ended and how many appends it had acknowledged. */
const runChild = async (step: string, nth: number) => {
  const child = spawn(process.execPath, [CHILD, folder, step, String(nth)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { signal, acknowledged: Number(/acknowledged (\d+)\n$/.exec(output)?.[1] ?? 0) };
};

const published = async () => {
  const bytes = await readFile(join(folder, 'log', 'checkpoint')).catch(() => undefined);
  return bytes === undefined ? undefined : parseCheckpoint(parseNote(bytes).text);
};

/** Everything a killed log left, and what the next one makes of it, agrees with the store. */
const assertWhole = async (acknowledged: number): Promise<void> => {
  const before = await published();
  const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  const alarms: unknown[] = [];
  const log = await openFixtureLog(folder, store, { raiseAlarm: async (alarm) => void alarms.push(alarm) });
  try {
    const stored = await allEvents(store);
    const others = stored.filter(({ type }) => type === 'RequestRefused');
    expect(others.length).toBeGreaterThanOrEqual(acknowledged);
    log.start();
    await vi.waitFor(() => {
      expect([log.phase, log.finding, ...alarms]).toEqual([
        log.checkpoints.latest ? 'running' : log.phase,
        undefined,
      ]);
      expect(log.checkpoints.latest?.size).toBeGreaterThanOrEqual(others.length);
    }, 30_000);
    const leaves = (await allEvents(store)).map(({ entry }) => leafHash(entry));
    const rootOfFirst = (size: number) => rootOf(growTree(EMPTY_TREE, leaves.slice(0, size)).state);
    const roots = (await allEvents(store))
      .filter(({ type }) => type === 'CheckpointRecorded')
      .map(({ entry }) => readEntry(entry).data);
    for (const { size, root } of roots)
      expect(root).toBe(Buffer.from(rootOfFirst(Number(size))).toString('base64'));
    if (before !== undefined) {
      expect(Buffer.compare(before.root, rootOfFirst(before.size))).toBe(0);
      expect(roots.map(({ size }) => size)).toContain(before.size);
    }
    expect([log.phase, ...alarms]).toEqual(['running']);
  } finally {
    await log.close();
    await store.close();
  }
};

describe.each([
  'file_written',
  'file_renamed',
  'tiles_durable',
  'positions_durable',
  'checkpoint_recorded',
  'checkpoint_published',
])('a log that is killed at %s', (step) => {
  it.each([1, 2, 5])(
    'time %i goes on as if nothing had happened: no two trees, nothing missing',
    async (nth) => {
      const { signal, acknowledged } = await runChild(step, nth);
      expect(signal).toBe('SIGKILL');
      await assertWhole(acknowledged);
    },
    30_000,
  );
});

it('a log that is killed again and again is one log', async () => {
  let acknowledged = 0;
  for (const [step, nth] of [
    ['checkpoint_recorded', 2],
    ['file_renamed', 3],
    ['positions_durable', 2],
    ['tiles_durable', 4],
  ] as const) {
    acknowledged += (await runChild(step, nth)).acknowledged;
    await assertWhole(acknowledged);
  }
}, 60_000);
