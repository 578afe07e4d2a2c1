import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEntry } from '#core/evidence/read-entry.js';
import { parseNote, verifyNote } from '#tlog/note.js';
import { formatVerifierKey, type NoteSigner } from '#tlog/note-key.js';
import { allEvents, type LogScene, openScene } from '../../apps/ledger/log/log.fixture.js';
import type { MerkleLog, MerkleLogOptions } from '../../apps/ledger/log/merkle-log.js';
import { openQuorum } from '../../apps/ledger/log/quorum.js';
import { openHeads } from '../../apps/witness/heads.js';
import { type RunningWitness, serveWitness } from '../../apps/witness/serve-witness.js';
import { loadOrCreateWitnessKey } from '../../apps/witness/witness-key.js';

const logger = pino({ level: 'silent' });
let scene: LogScene;
let witnesses: { readonly signer: NoteSigner; readonly running: RunningWitness }[];

const startWitness = async (name: string) => {
  const folder = join(scene.folder, name);
  const heads = openHeads(folder);
  const signer = await loadOrCreateWitnessKey(folder, name);
  const running = await serveWitness({
    signer,
    heads,
    logger,
    logs: [scene.signer.verifier],
    clock: Date.now,
    host: '127.0.0.1',
    port: 0,
  });
  witnesses.push({ signer, running });
};

beforeEach(async () => {
  scene = await openScene();
  witnesses = [];
  await startWitness('audit');
  await startWitness('risk');
});
afterEach(async () => {
  for (const { running } of witnesses) await running.stop();
  await scene.close();
});

const openLog = (options: Partial<MerkleLogOptions> = {}): MerkleLog =>
  scene.open({
    ask_every_ms: 100,
    quorum: openQuorum({
      witnesses: witnesses.map(({ signer, running }) => ({
        url: running.url,
        key: formatVerifierKey(signer.verifier),
      })),
    } as unknown as Parameters<typeof openQuorum>[0]),
    ...options,
  });

const isWitnessed = (log: MerkleLog, size: number) =>
  vi.waitFor(() => expect(log.checkpoints.witnessed?.size ?? 0).toBeGreaterThanOrEqual(size), 30_000);

describe('witnesses', () => {
  it('cosign checkpoints; their signatures are on record and in the published note', async () => {
    await scene.record(300);
    const log = openLog();
    await isWitnessed(log, 300);
    await scene.record(50);
    await isWitnessed(log, 350);
    const note = parseNote(log.checkpoints.witnessed?.note ?? '');
    const keys = [scene.signer.verifier, ...witnesses.map(({ signer }) => signer.verifier)];
    expect(verifyNote(note, keys).map(({ name }) => name)).toEqual(expect.arrayContaining(['audit', 'risk']));
    const recorded = (await allEvents(scene.store())).filter(({ type }) => type === 'CheckpointCosigned');
    const names = recorded.map(({ entry }) => readEntry(entry).data['witness']);
    expect(new Set(names)).toEqual(new Set(['audit', 'risk']));
  });

  it('are asked where they were after a restart, and what they have signed is known again', async () => {
    await scene.record(10);
    await isWitnessed(openLog(), 10);
    await scene.closeStore();
    await scene.openStore();
    await scene.record(10);
    const log = openLog();
    await isWitnessed(log, 20);
    expect(log.phase).toBe('running');
    expect(scene.alarms).toEqual([]);
  });

  it('that are away hold up nothing; the checkpoints are said to be unwitnessed', async () => {
    const log = openLog();
    await witnesses.pop()?.running.stop();
    await scene.record(10);
    await vi.waitFor(() => expect(log.checkpoints.latest?.size).toBeGreaterThanOrEqual(10), 30_000);
    await scene.record(10);
    await vi.waitFor(() => expect(log.checkpoints.latest?.size).toBeGreaterThanOrEqual(20), 30_000);
    expect(log.checkpoints.latest?.witnessed).toBe(false);
    expect(log.checkpoints.witnessed).toBeUndefined();
  });

  it('find that the owner of the store has written everything anew, the log included', async () => {
    await scene.record(20);
    await isWitnessed(openLog(), 20);
    await scene.closeStore();
    for (const name of ['events.db', 'events.db-wal', 'events.db-shm', 'log'])
      await rm(join(scene.folder, name), { recursive: true, force: true });
    await scene.openStore();
    await scene.record(40);
    const log = openLog();
    await vi.waitFor(() => expect(log.phase).toBe('broken'), 30_000);
    expect(log.finding).toMatchObject({ kind: 'log_fork' });
    expect(scene.alarms[0]).toMatchObject({ kind: 'log_fork', about: { index: 0 } });
  });

  it('find that an older copy of everything was put back', async () => {
    await scene.record(20);
    await isWitnessed(openLog(), 20);
    await scene.closeStore();
    const copy = join(scene.folder, 'copy');
    for (const name of ['events.db', 'log'])
      await cp(join(scene.folder, name), join(copy, name), { recursive: true });
    await scene.openStore();
    await scene.record(20);
    await isWitnessed(openLog(), 40);
    await scene.closeStore();
    for (const name of ['events.db', 'events.db-wal', 'events.db-shm', 'log'])
      await rm(join(scene.folder, name), { recursive: true, force: true });
    for (const name of ['events.db', 'log'])
      await cp(join(copy, name), join(scene.folder, name), { recursive: true });
    await scene.openStore();
    const log = openLog();
    await vi.waitFor(() => expect(log.phase).toBe('broken'), 30_000);
    expect(log.finding).toMatchObject({ kind: 'log_fork' });
  });
});
