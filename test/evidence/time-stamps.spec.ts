import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyPack } from '#evidence/verify-pack.js';
import { sourceOf } from '#evidence/zip-read.js';
import { parseNote } from '#tlog/note.js';
import { formatVerifierKey } from '#tlog/note-key.js';
import { MemoryLog, randomHistory, seeded } from '../../apps/ledger/evidence/memory-log.fixture.js';
import { filesOf, packOf } from '../../apps/ledger/evidence/pack.fixture.js';
import { makeAuthority } from '../../apps/ledger/log/authority.fixture.js';

const run = promisify(execFile);

let folder: string;
let openssl: Awaited<ReturnType<typeof makeAuthority>>;
const log = randomHistory(new MemoryLog(), seeded(11), 6);
const trust = { vkey: formatVerifierKey(log.signer.verifier) };
const size = log.kept.length;

const tokenFor = async (of: number): Promise<Buffer> => {
  await writeFile(join(folder, 'text'), parseNote(await log.checkpoint(of)).text);
  await openssl('ts -query -data text -sha256 -cert -out query');
  await openssl('ts -reply -config tsa.cnf -queryfile query -token_out -out token');
  return readFile(join(folder, 'token'));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-tsa-'));
  openssl = await makeAuthority(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a time stamp in a pack is about its checkpoint, for our verifier and for openssl', async () => {
  const timestamps = [
    { size, token: await tokenFor(size) },
    { size: 5, token: await tokenFor(5) },
  ];
  const pack = await packOf(log, {}, { earlier: [5], timestamps });
  const { findings, facts } = verifyPack(sourceOf(pack), trust);
  expect(findings).toEqual([]);
  expect(facts?.timestamps).toBe(2);

  const files = filesOf(pack);
  await writeFile(join(folder, 'checkpoint'), files.get('checkpoint') ?? '');
  await writeFile(join(folder, 'stamp.tst'), files.get(`tsa/${String(size).padStart(12, '0')}-1.tst`) ?? '');
  await run('sh', ['-c', "sed -n '/^$/q;p' checkpoint > checkpoint.text"], { cwd: folder });
  const verified = await openssl(
    'ts -verify -token_in -in stamp.tst -data checkpoint.text -CAfile tsa.pem -partial_chain',
  );
  expect(verified.stdout + verified.stderr).toContain('Verification: OK');
});

it('a time stamp of something else, or one that is cut, is found', async () => {
  const token = await tokenFor(5);
  const codes = async (stamp: { size: number; token: Uint8Array }) =>
    verifyPack(sourceOf(await packOf(log, {}, { earlier: [5], timestamps: [stamp] })), trust).findings.map(
      ({ code }) => code,
    );
  expect(await codes({ size, token })).toEqual(['timestamp_invalid']);
  expect(await codes({ size: 3, token })).toEqual(['timestamp_invalid']);
  expect(await codes({ size: 5, token: token.subarray(0, -1) })).toEqual(['timestamp_invalid']);
  expect(await codes({ size: 5, token: Buffer.from('no token') })).toEqual(['timestamp_invalid']);
  expect(await codes({ size: 5, token })).toEqual([]);
});
