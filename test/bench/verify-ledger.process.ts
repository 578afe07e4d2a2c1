import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import { leafHash, sameHash } from '#tlog/merkle.js';
import { decodeBundle } from '#tlog/tile.js';
import { EMPTY_TREE, growTree, rootOf } from '#tlog/tree.js';
import { Follower } from '../../apps/ledger/log/follower.js';
import { bundleOf, LogTree } from '../../apps/ledger/log/log-tree.js';
import { readOnlyStore } from '../golden/memory-store.js';

/**
 * How fast a log is built from its entries, and how fast its root is computed again from the published bundles alone:
 * verify-ledger.process.js [--entries N]. The entries are made as they are read, so that nothing but the log is measured;
 * tiles are written to the disk as always. Prints one line of JSON.
 */
const ENTRY_BYTES = 700;
const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } });
const entries = Number(values.entries);

const eventAt = (index: number): StoredEvent => {
  const id = String(index).padStart(32, '0');
  const entry = Buffer.alloc(ENTRY_BYTES, `{"id":"${id}","type":"CallRequested"} `);
  return { id, type: 'CallRequested', stream: `call-${id}`, revision: 0, position: BigInt(index + 1), entry };
};

const store: EventStore = {
  ...readOnlyStore([]),
  readAll: async ({ after = 0n, limit }) => {
    const first = Number(after);
    const count = Math.max(0, Math.min(limit, entries - first));
    const events = Array.from({ length: count }, (_, nth) => eventAt(first + nth));
    return { events, scannedTo: BigInt(first + count) };
  },
};

const timed = async (work: () => Promise<void>) => {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: Math.round(seconds * 10) / 10,
    cpu_seconds: Math.round((user + system) / 100_000) / 10,
    entries_per_second: Math.round(entries / seconds),
    rss_peak_mib: Math.round(process.resourceUsage().maxRSS / 1_024),
  };
};

const folder = await mkdtemp(join(tmpdir(), 'countersign-verify-'));
try {
  const tree = await LogTree.open(join(folder, 'log'));
  const build = await timed(async () => {
    await new Follower({ store, tree, origin: 'bench.example/log' }).toHead();
    await tree.flush();
  });
  const verify = await timed(async () => {
    let state = EMPTY_TREE;
    while (state.size < entries) {
      const bundle = decodeBundle(await tree.fromDisk(bundleOf(state.size, entries)));
      state = growTree(state, bundle.map(leafHash)).state;
    }
    if (!sameHash(rootOf(state), tree.root())) throw new Error('the root differs');
  });
  await tree.close();
  console.log(JSON.stringify({ entries, entry_bytes: ENTRY_BYTES, build, verify }));
} finally {
  await rm(folder, { recursive: true });
}
