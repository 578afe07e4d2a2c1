import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOrCreateSealingKey, type SealingKeyPair } from './file-keys.js';
import { createOpener, type Opener } from './opener.js';
import { createSealer, type Sealer } from './sealer.js';

let folder: string;
let keys: SealingKeyPair;
let sealer: Sealer;
let opener: Opener;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-keys-'));
  keys = await loadOrCreateSealingKey(folder);
  sealer = await createSealer(keys.kid, keys.publicKey);
  opener = createOpener(new Map([[keys.kid, keys.privateKey]]));
});
afterAll(() => rm(folder, { recursive: true }));

const TEXT = Buffer.from('{"ssn":"523-96-8051"}');

describe('a sealed payload', () => {
  it('opens to the same bytes for the holder of the private key', async () => {
    const { sealed, payload } = sealer.seal(TEXT);
    expect(Buffer.from(await opener.open(sealed, payload.commit))).toEqual(TEXT);
    expect(payload).toMatchObject({ bytes: TEXT.length, kid: keys.kid });
  });

  it('shows nothing of the text, and the same text is never sealed alike', () => {
    const [first, second] = [sealer.seal(TEXT), sealer.seal(TEXT)];
    expect(Buffer.from(first.sealed).includes('523-96-8051')).toBe(false);
    expect(first.payload.commit).not.toBe(second.payload.commit);
    expect(Buffer.from(first.sealed).equals(second.sealed)).toBe(false);
  });

  it('does not open when any single byte was changed', async () => {
    const { sealed, payload } = sealer.seal(TEXT);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(opener.open(changed, payload.commit), `byte ${at}`).rejects.toThrow();
    }
  });

  it('does not open under the commitment of another', async () => {
    const [first, second] = [sealer.seal(TEXT), sealer.seal(TEXT)];
    await expect(opener.open(first.sealed, second.payload.commit)).rejects.toThrow('commits');
  });

  it('does not open without the private key', async () => {
    const { sealed, payload } = sealer.seal(TEXT);
    await expect(createOpener(new Map()).open(sealed, payload.commit)).rejects.toThrow('not held');
  });

  it.each([0, 3, 6, 40])('cut to %i bytes is refused', async (length) => {
    const { sealed, payload } = sealer.seal(TEXT);
    await expect(opener.open(sealed.subarray(0, length), payload.commit)).rejects.toThrow();
  });
});

describe('the key file', () => {
  it('is made once, readable by its owner only, and leaves no half-written file', async () => {
    expect((await loadOrCreateSealingKey(folder)).kid).toBe(keys.kid);
    expect(await readdir(folder)).toEqual(['sealing-key.json']);
    expect((await stat(join(folder, 'sealing-key.json'))).mode & 0o777).toBe(0o600);
  });

  it('gives out no private part in the public key', () => {
    expect(Object.keys(keys.publicKey).sort()).toEqual(['crv', 'kty', 'x']);
  });
});
