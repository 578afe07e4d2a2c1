import { describe, expect, it } from 'vitest';
import { verifyPack } from '#evidence/verify-pack.js';
import { sourceOf, Zip } from '#evidence/zip-read.js';
import { formatVerifierKey } from '#tlog/note-key.js';
import { collect } from './collect.js';
import {
  callsOf,
  MemoryLog,
  newSigner,
  newWitness,
  policyOf,
  randomHistory,
  seeded,
  timeAt,
} from './memory-log.fixture.js';
import { packOf } from './pack.fixture.js';
import { PackWriter } from './write-pack.js';

const jsonIn = (pack: Buffer, path: string) => {
  const bytes = Zip.open(sourceOf(pack)).read(path);
  return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
};

describe('an evidence pack', () => {
  const log = randomHistory(new MemoryLog(), seeded(1), 40, 60);
  const trust = { vkey: formatVerifierKey(log.signer.verifier) };

  it('of all calls is found in order by its verifier', async () => {
    const verdict = verifyPack(sourceOf(await packOf(log, {}, { earlier: [5, 40] })), trust);
    expect(verdict.findings).toEqual([]);
    expect(verdict.facts).toMatchObject({ calls: 40, entries: log.kept.length, keyFrom: 'given' });
  });

  it('lists exactly the calls of a person in a time, also when their entries reach beyond it', async () => {
    const [from, to] = [timeAt(1_000), timeAt(2_500)];
    const pack = await packOf(log, { principal: 'alice', from, to });
    const expected = callsOf(log, (principal, time) => principal === 'alice' && time >= from && time < to);
    expect(expected.length).toBeGreaterThan(0);
    expect(jsonIn(pack, 'completeness.json').calls.map(({ id }: { id: string }) => id)).toEqual(expected);
    const { range } = jsonIn(pack, 'completeness.json');
    expect(range.from).toBeGreaterThan(0);
    expect(range.to).toBeLessThan(log.kept.length);
    expect(verifyPack(sourceOf(pack), trust).findings).toEqual([]);
  });

  it('of one call holds its stream, its approval and its policy, each entry with a proof', async () => {
    const pack = await packOf(log, { call: 'c-3' }, { disclose: ['requests', 'results'] });
    const { ok, facts } = verifyPack(sourceOf(pack), trust);
    expect(ok).toBe(true);
    expect(facts).toMatchObject({ calls: 1, range: null });
  });

  it('discloses requests and masked results when asked, never originals', async () => {
    const pack = await packOf(log, {}, { disclose: ['requests', 'results'] });
    expect(verifyPack(sourceOf(pack), trust).ok).toBe(true);
    const opened = Zip.open(sourceOf(pack)).paths.filter((path) => path.startsWith('disclosures/'));
    expect(opened.length).toBeGreaterThan(40);
    const texts = opened.map((path) => Buffer.from(jsonIn(pack, path).bytes, 'base64').toString());
    expect(texts.some((text) => text.includes('[US_SSN]'))).toBe(true);
    expect(texts.some((text) => text.includes('078-05-1120'))).toBe(false);
  });

  it('is the same bytes for the same input', async () => {
    const query = { principal: 'bob' };
    expect((await packOf(log, query)).equals(await packOf(log, query))).toBe(true);
  });

  it('says up to where witnesses have seen it, and is not enough for a quorum that has not', async () => {
    const witnesses = [newWitness('witness-1'), newWitness('witness-2')];
    const witnessed = randomHistory(new MemoryLog(newSigner(), witnesses), seeded(2), 10);
    const pack = sourceOf(await packOf(witnessed, {}));
    const given = { vkey: formatVerifierKey(witnessed.signer.verifier) };
    expect(verifyPack(pack, given).facts?.witnessed).toBe(witnessed.kept.length);
    expect(verifyPack(pack, { ...given, policy: policyOf(witnesses) }).ok).toBe(true);
    const other = verifyPack(pack, { ...given, policy: policyOf([newWitness('stranger')]) });
    expect(other.findings).toMatchObject([{ code: 'unwitnessed', index: 0 }]);
  });

  it('is compared with checkpoints that came by another way', async () => {
    const pack = sourceOf(await packOf(log, {}, { size: 100 }));
    const check = async (size: number, from = log) =>
      verifyPack(pack, { ...trust, checkpoints: [await from.checkpoint(size)] }).findings;
    expect(await check(100)).toEqual([]);
    expect(await check(37)).toEqual([]);
    expect(await check(120)).toMatchObject([{ code: 'tail_cut', index: 100 }]);
    const forked = randomHistory(new MemoryLog(log.signer), seeded(3), 40);
    expect(await check(37, forked)).toMatchObject([{ code: 'fork' }]);
  });

  it('is refused before it is begun when it would be too large', async () => {
    const sources = await log.sources();
    const bytes = log.kept.reduce((sum, { entry }) => sum + entry.length + 34, 0);
    await expect(collect(sources, {}, [], log.kept.length, bytes - 1)).rejects.toMatchObject({
      code: 'evidence_too_large',
    });
    expect((await collect(sources, {}, [], log.kept.length, bytes)).completeness.calls).toHaveLength(40);
  });

  it('is not made from a store whose entries are not those of the signed log', async () => {
    const sources = await log.sources();
    const changed = {
      ...sources,
      async *entries(from: number, to: number) {
        for await (const { index, bytes } of sources.entries(from, to))
          yield { index, bytes: index === 9 ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes };
      },
    };
    const facts = { product: '0', exported_at: timeAt(0) };
    await expect(PackWriter.prepare(changed, {}, [], facts, [])).rejects.toMatchObject({ code: 'internal' });
  });

  it('of an unknown call is not made', async () => {
    await expect(packOf(log, { call: 'c-none' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
