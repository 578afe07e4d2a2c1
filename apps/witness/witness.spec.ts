import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatAddCheckpoint } from '#tlog/add-checkpoint.js';
import { formatCheckpoint } from '#tlog/checkpoint.js';
import { type Hash, leafHash } from '#tlog/merkle.js';
import { parseNote, signNote, verifyNote } from '#tlog/note.js';
import { createSigner, ED25519, type NoteSigner } from '#tlog/note-key.js';
import { consistencyProof, rootAt } from '#tlog/proof.js';
import { leavesOf, logInMemory } from '#tlog/tlog.fixture.js';
import { openHeads } from './heads.js';
import { type RunningWitness, serveWitness } from './serve-witness.js';
import { originHash } from './witness.js';
import { loadOrCreateWitnessKey } from './witness-key.js';

const ORIGIN = 'bank.example/ledger';
const TIME_MS = 1_700_000_000_500;
const log = createSigner(ORIGIN, ED25519, generateKeyPairSync('ed25519').privateKey);
const stranger = createSigner(ORIGIN, ED25519, generateKeyPairSync('ed25519').privateKey);
const other = createSigner('other.example/ledger', ED25519, generateKeyPairSync('ed25519').privateKey);
const SIZE = 600;
const honest = leavesOf(SIZE);
/** The same log with one entry rewritten. */
const rewritten = honest.with(100, leafHash(Buffer.from('rewritten')));

const checkpoint = async (
  leaves: readonly Hash[],
  size: number,
  signer: NoteSigner = log,
): Promise<string> => {
  const { readTile } = logInMemory(leaves.slice(0, size));
  const root = await rootAt(size, readTile);
  return signNote(formatCheckpoint({ origin: signer.verifier.name, size, root }), [signer], 0);
};
const submission = async (old: number, size: number, leaves: readonly Hash[] = honest, signer = log) =>
  formatAddCheckpoint({
    old,
    proof: await consistencyProof(Math.min(old, size), size, logInMemory(leaves.slice(0, size)).readTile),
    checkpoint: await checkpoint(leaves, size, signer),
  });

let folder: string;
let signer: NoteSigner;
let witness: RunningWitness;

const start = async (): Promise<void> => {
  witness = await serveWitness({
    signer,
    logs: [log.verifier],
    heads: openHeads(folder),
    clock: () => TIME_MS,
    host: '127.0.0.1',
    port: 0,
    logger: pino({ level: 'silent' }),
  });
};
const post = async (body: string) => {
  const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  };
};
const conflicts = async (): Promise<unknown> => (await fetch(`${witness.url}/healthz`)).json();

beforeAll(async () => {
  const keys = await mkdtemp(join(tmpdir(), 'witness-key-'));
  signer = await loadOrCreateWitnessKey(keys, 'audit.example/w1');
  const again = await loadOrCreateWitnessKey(keys, 'audit.example/w1');
  expect(again.verifier.keyId).toBe(signer.verifier.keyId);
  await rm(keys, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'witness-'));
  await start();
});
afterEach(async () => {
  await witness.stop();
  await rm(folder, { recursive: true });
});

describe('a witness', () => {
  it('cosigns what extends what it has cosigned, step by step, and shows its newest checkpoint', async () => {
    for (const [old, size] of [
      [0, 0],
      [0, 3],
      [3, 3],
      [3, 256],
      [256, 599],
    ] as const) {
      const { status, text } = await post(await submission(old, size));
      expect(status, text).toBe(200);
      const note = parseNote(`${await checkpoint(honest, size)}${text}`);
      expect(verifyNote(note, [log.verifier, signer.verifier])).toMatchObject([
        { name: ORIGIN },
        { name: 'audit.example/w1', time_s: 1_700_000_000 },
      ]);
    }
    const shown = await fetch(`${witness.url}/${originHash(ORIGIN)}/checkpoint`);
    expect(verifyNote(parseNote(await shown.text()), [log.verifier, signer.verifier])).toHaveLength(2);
    expect(await conflicts()).toEqual({ conflicts: 0 });
  });

  it('tells the size it knows to who has fallen behind or starts anew', async () => {
    await post(await submission(0, 256));
    expect(await post(await submission(0, 300))).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      text: '256\n',
    });
    expect((await post(await submission(255, 300))).status).toBe(409);
  });

  it('never cosigns another history, at any size, and keeps the proof; also after a restart', async () => {
    await post(await submission(0, 300));
    await witness.stop();
    await start();
    for (const size of [300, 301, SIZE]) {
      const { status } = await post(await submission(300, size, rewritten));
      expect(status, `size ${size}`).toBe(422);
    }
    expect(await conflicts()).toEqual({ conflicts: 3 });
    expect((await post(await submission(300, 299))).status).toBe(400);
    expect((await post(await submission(300, 301))).status).toBe(200);
  });

  it('lets one of two submissions from the same head win, and never goes back', async () => {
    await post(await submission(0, 10));
    const [small, large] = await Promise.all([submission(10, 20), submission(10, 500)]);
    const answers = await Promise.all([large, small, large, small].map(post));
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 409, 409]);
    expect(answers[3]?.text).toBe('500\n');
  });

  it.each<[string, number, () => Promise<string>]>([
    ['a log it does not know', 404, () => submission(0, 3, honest, other)],
    ['a key it does not know', 403, () => submission(0, 3, honest, stranger)],
    [
      'a size that the log has not signed',
      403,
      async () => (await submission(0, 3)).replace('\n3\n', '\n4\n'),
    ],
    [
      'a proof from the empty tree',
      422,
      async () => (await submission(0, 3)).replace('old 0\n', `old 0\n${'A'.repeat(43)}=\n`),
    ],
    ['no old size', 400, async () => (await submission(0, 3)).replace('old 0\n', '')],
    [
      'an old size with a zero in front',
      400,
      async () => (await submission(0, 3)).replace('old 0', 'old 00'),
    ],
    [
      '64 lines of proof',
      400,
      async () => (await submission(0, 3)).replace('old 0\n', `old 0\n${`${'A'.repeat(43)}=\n`.repeat(64)}`),
    ],
    ['no checkpoint', 400, async () => 'old 0\n\n'],
    ['an extension line', 400, async () => (await submission(0, 3)).replace('\n\n—', '\nmore\n\n—')],
    ['too much', 413, async () => 'x'.repeat(70_000)],
  ])('refuses %s with %i', async (_, status, body) => {
    const answer = await post(await body());
    expect(answer.status, answer.text).toBe(status);
    expect((await post(await submission(0, 3))).status).toBe(200);
  });

  it('is one process to a folder', () => {
    expect(() => openHeads(folder)).toThrow('is another witness using this folder?');
  });

  it('answers nothing else', async () => {
    for (const path of ['/', '/checkpoint', `/${'0'.repeat(64)}/checkpoint`])
      expect((await fetch(`${witness.url}${path}`)).status).toBe(404);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${witness.url}/x`, { method: 'DELETE' })).status).toBe(405);
  });
});
