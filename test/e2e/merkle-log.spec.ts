import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank } from '../../apps/standalone/demo.js';
import { parseCheckpoint } from '../../libs/tlog/checkpoint.js';
import { leafHash } from '../../libs/tlog/merkle.js';
import { parseNote, verifyNote } from '../../libs/tlog/note.js';
import { parseVerifierKey } from '../../libs/tlog/note-key.js';
import { decodeBundle, type TileRef, tilePath } from '../../libs/tlog/tile.js';
import { parseTlogProof } from '../../libs/tlog/tlog-proof.js';
import { EMPTY_TREE, growTree, rootOf } from '../../libs/tlog/tree.js';
import { verifyConsistency, verifyInclusion } from '../../libs/tlog/verify-proof.js';
import { demoPolicy } from './support/policies.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, serviceOf } from './support/system.js';

interface LogState {
  readonly origin: string;
  readonly vkey: string;
  readonly phase: string;
  readonly size: number;
}

interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly root: string;
  readonly leaf: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
}

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let call: string;

const get = async (path: string, user?: string, accept = '*/*') => {
  const authorization =
    user === undefined ? {} : { authorization: `Bearer ${await system.issuer.token(user)}` };
  return fetch(`${system.urls.ledger}/ledger/${path}`, { headers: { accept, ...authorization } });
};
const json = async <Body>(path: string): Promise<Body> => {
  const response = await get(path, 'examiner');
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
};
const bytes = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await get(path, 'examiner')).arrayBuffer());
const unbase64 = (text: string): Buffer => Buffer.from(text, 'base64');

/** The checkpoint of a note that the log's own key has signed. */
const checkpointIn = async (text: string) => {
  const { vkey } = await json<LogState>('log');
  const note = parseNote(text);
  verifyNote(note, [parseVerifierKey(vkey)]);
  return parseCheckpoint(note.text);
};

beforeAll(async () => {
  stage = await openStage();
  const { coreBanking, upstreams } = await createDemoBank(join(stage.folder, 'demo'));
  stage.defer(coreBanking.close);
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams });
  ledger = await examiner(system);
  const analyst = await connect(system, 'SDK v2', 'risk-analyst', 'core-banking');
  await analyst.call('query_customers', { limit: 1 });
  await analyst.close();
  call = (await ledger.calls())[0]?.id ?? '';
}, 90_000);
afterAll(() => stage.close(), 30_000);

describe('the Merkle log over HTTP', () => {
  it('gives a receipt of a call within a second and a half, which verifies without us', async () => {
    const analyst = await connect(system, 'SDK v2', 'risk-analyst', 'core-banking');
    await analyst.call('query_customers', { limit: 1 });
    await analyst.close();
    const newest = (await ledger.calls())[0]?.id ?? '';
    const started = performance.now();
    const response = await get(`calls/${newest}/receipt`, 'examiner');
    // The rest is room for a busy machine.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(response.headers.get('content-disposition')).toContain(`call-${newest}.tlog-proof`);
    const receipt = parseTlogProof(await response.text());
    const { size, root } = await checkpointIn(receipt.checkpoint);
    const last = (await ledger.everything()).findLast((entry) => entry.stream === `call-${newest}`);
    const bundle = await entriesFrom(receipt.index);
    const entry = bundle[receipt.index % 256] as Uint8Array;
    expect(JSON.parse(Buffer.from(entry).toString())).toEqual(last);
    verifyInclusion({ leaf: leafHash(entry), index: receipt.index, size, root, proof: receipt.hashes });
  });

  it('has the tree of exactly the entries that it serves, under the name of its address', async () => {
    const response = await get('checkpoint', 'examiner');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const { origin, size, root } = await checkpointIn(await response.text());
    expect(origin).toBe('127.0.0.1/countersign');
    const entries: Uint8Array[] = [];
    for (let first = 0; first < size; first += 256) entries.push(...(await entriesFrom(first, size)));
    const { state, tiles } = growTree(EMPTY_TREE, entries.map(leafHash));
    expect(Buffer.compare(rootOf(state), root)).toBe(0);
    for (const { ref, bytes: expected } of tiles)
      expect(Buffer.compare(await bytes(tilePath(ref)), expected)).toBe(0);
    const stored = (await ledger.everything()).slice(0, size);
    expect(entries.map((entry) => JSON.parse(Buffer.from(entry).toString()))).toEqual(stored);
  });

  it('proves any event by its id, and that its trees extend each other', async () => {
    const events = await ledger.everything();
    const event = events.find(({ type }) => type === 'CallRequested')?.id ?? '';
    const proof = await json<Inclusion>(`proofs/inclusion?event=${event}`);
    const { size, root } = await checkpointIn(proof.checkpoint);
    expect(proof.size).toBe(size);
    verifyInclusion({
      leaf: unbase64(proof.leaf),
      index: proof.index,
      size,
      root,
      proof: proof.hashes.map(unbase64),
    });
    expect(
      (await get(`proofs/inclusion?event=${event}`, 'examiner', 'text/plain')).headers.get('content-type'),
    ).toBe('text/plain; charset=utf-8');
    const first = Number(events.find(({ type }) => type === 'CheckpointRecorded')?.data['size']);
    const extension = await json<{ firstRoot: string; hashes: readonly string[] }>(
      `proofs/consistency?first=${first}&second=${size}`,
    );
    verifyConsistency({
      first,
      second: size,
      firstRoot: unbase64(extension.firstRoot),
      secondRoot: root,
      proof: extension.hashes.map(unbase64),
    });
  });

  it('shows nothing to others, and keeps the reads and the refusals on record', async () => {
    for (const path of ['checkpoint', 'tile/0/000', 'tile/entries/000.p/1', 'log', `calls/${call}/receipt`]) {
      expect((await get(path)).status).toBe(401);
      expect((await get(path, 'risk-analyst')).status).toBe(403);
    }
    const events = await ledger.everything();
    const reads = (type: string) =>
      events.filter((entry) => entry.type === type).map(({ data }) => data['what']);
    expect(reads('LedgerRead')).toEqual(
      expect.arrayContaining(['receipt', 'inclusion-proof', 'log-entries']),
    );
    expect(reads('LedgerReadRefused')).toEqual(expect.arrayContaining(['receipt', 'checkpoint', 'log']));
  });

  it.each([
    'tile/0/999',
    'tile/0/000.p/0',
    'tile/0/0',
    'tile/entries/..%2f..%2fcheckpoint',
    'tile/9/000.p/1',
  ])('has nothing at %s', async (path) => {
    expect((await get(path, 'examiner')).status).toBe(404);
  });

  it('goes on with the same tree after a kill', async () => {
    const countersign = serviceOf(system, 'countersign');
    const before = await checkpointIn(await (await get('checkpoint', 'examiner')).text());
    await countersign.kill();
    await countersign.start();
    const { index } = await json<Inclusion>(
      `proofs/inclusion?event=${(await ledger.everything()).at(-1)?.id}`,
    );
    expect(index).toBeGreaterThanOrEqual(before.size);
    const { secondRoot } = await json<{ secondRoot: string }>(
      `proofs/consistency?first=0&second=${before.size}`,
    );
    expect(Buffer.compare(unbase64(secondRoot), before.root)).toBe(0);
    expect(await json<LogState>('log')).toMatchObject({ phase: 'running' });
  });

  it('does not start under another name', async () => {
    await serviceOf(system, 'countersign').stop();
    const { data } = system;
    const renamed = startPrivate(stage, {
      policy: demoPolicy(),
      upstreams: [],
      data,
      settings: { log: { origin: 'another.example/log' } },
    });
    await expect(renamed).rejects.toThrow(
      'this store is the log 127.0.0.1/countersign, the configuration calls it another.example/log',
    );
  });
});

const entriesFrom = async (index: number, size?: number): Promise<readonly Uint8Array[]> => {
  const known = size ?? (await json<LogState>('log')).size;
  const tile = Math.floor(index / 256);
  const ref: TileRef = { level: -1, index: tile, width: Math.min(256, known - tile * 256) };
  return decodeBundle(await bytes(tilePath(ref)));
};
