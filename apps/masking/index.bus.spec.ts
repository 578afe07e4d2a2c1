import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INDEX_TOKEN_BYTES, maskingIndex, maskingIndexQuery } from '#contracts/masking.js';
import { loadOrCreateSealingKey } from '#sealing/file-keys.js';
import { createOpener } from '#sealing/opener.js';
import { createSealer, type Sealer } from '#sealing/sealer.js';
import { BlindIndex } from './blind-index.js';
import { IndexBus } from './index.bus.js';
import type { SealingKeys } from './masking.bus.js';

let folder: string;
let sealer: Sealer;
let keys: SealingKeys;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-index-'));
  const { kid, publicKey, privateKey } = await loadOrCreateSealingKey(folder);
  sealer = await createSealer(kid, publicKey);
  const opener = createOpener(new Map([[kid, privateKey]]));
  keys = { kid, publicKey: publicKey as Record<string, string>, opener };
});
afterAll(() => rm(folder, { recursive: true }));

const SSN = '523-96-8051';
const PAYLOAD = { customer: { id: 'C-1042', ssn: SSN, name: 'Ana Silva' } };
const sealedJson = (value: unknown) => {
  const { sealed, payload } = sealer.seal(Buffer.from(JSON.stringify(value)));
  return { sealed, commit: payload.commit };
};

const tokensIn = (tokens: Uint8Array): readonly string[] =>
  Array.from({ length: tokens.length / INDEX_TOKEN_BYTES }, (_, at) =>
    Buffer.from(tokens.subarray(at * INDEX_TOKEN_BYTES, (at + 1) * INDEX_TOKEN_BYTES)).toString('hex'),
  );
const answerOf = async (bus: IndexBus, value: unknown) => {
  const answer = maskingIndex.reply.parse(await bus.tokens({ payloads: [sealedJson(value)] }));
  return { ...answer, tokens: tokensIn(answer.payloads[0]?.tokens ?? new Uint8Array()) };
};
const asked = (bus: IndexBus, value: string, field?: string): readonly string[] =>
  maskingIndexQuery.reply
    .parse(bus.query({ value, field }))
    .tokens.map((token) => Buffer.from(token).toString('hex'));

describe('the tokens of a sealed payload', () => {
  it('hold those of its values, with and without their field', async () => {
    const bus = new IndexBus(keys, new BlindIndex('a'.repeat(43)));
    const { tokens } = await answerOf(bus, PAYLOAD);
    for (const found of [asked(bus, 'c-1042'), asked(bus, 'C-1042', 'ID'), asked(bus, '523968051', 'ssn')])
      expect(found.some((token) => tokens.includes(token))).toBe(true);
    expect(asked(bus, 'C-1042', 'ssn').some((token) => tokens.includes(token))).toBe(false);
  });

  it('are the same again under the same key, and have nothing in common with those of another', async () => {
    const [one, again, other] = ['a', 'a', 'b'].map((letter) => new BlindIndex(letter.repeat(43)));
    const first = await answerOf(new IndexBus(keys, one as BlindIndex), PAYLOAD);
    expect(await answerOf(new IndexBus(keys, again as BlindIndex), PAYLOAD)).toEqual(first);
    const foreign = await answerOf(new IndexBus(keys, other as BlindIndex), PAYLOAD);
    expect(foreign.key).not.toBe(first.key);
    expect(foreign.tokens.filter((token) => first.tokens.includes(token))).toEqual([]);
  });

  it('are all that comes out: nothing of the values, of the secret, or of a hash without key', async () => {
    const secret = 'a-secret-of-the-index-0123456789-abcdefghij';
    const { key, payloads, tokens } = await answerOf(new IndexBus(keys, new BlindIndex(secret)), PAYLOAD);
    const out = Buffer.concat([
      Buffer.from(key),
      ...payloads.map((payload) => payload?.tokens ?? new Uint8Array()),
    ]);
    for (const text of ['C-1042', 'c-1042', SSN, '523968051', 'Ana', 'ana silva', secret])
      expect(out.includes(text)).toBe(false);
    expect(tokens.every((token) => /^[0-9a-f]{16}$/.test(token))).toBe(true);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('are null when the payload is not what its entry commits to', async () => {
    const bus = new IndexBus(keys, new BlindIndex('a'.repeat(43)));
    const [one, other] = [sealedJson(PAYLOAD), sealedJson(PAYLOAD)];
    const { payloads } = await bus.tokens({ payloads: [{ ...one, commit: other.commit }, other] });
    expect(payloads[0]).toBeNull();
    expect(payloads[1]?.tokens.length).toBeGreaterThan(0);
  });

  it('of bytes that are not JSON are those of their text', async () => {
    const bus = new IndexBus(keys, new BlindIndex('a'.repeat(43)));
    const { sealed, payload } = sealer.seal(Buffer.from('customer C-1042, gone'));
    const { payloads } = await bus.tokens({ payloads: [{ sealed, commit: payload.commit }] });
    expect(tokensIn(payloads[0]?.tokens ?? new Uint8Array())).toContain(asked(bus, 'C-1042')[0]);
  });
});
