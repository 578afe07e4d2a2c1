import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COSIGNATURE_V1, createSigner, ED25519, formatVerifierKey } from './note-key.js';
import { decodeBundle, ENTRIES_LEVEL, encodeBundle, parseTilePath, tilePath } from './tile.js';
import { leavesOf } from './tlog.fixture.js';
import { meetsQuorum, parseTlogPolicy } from './tlog-policy.js';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';
import { ProofError } from './verify-proof.js';

describe('the path of a tile', () => {
  it('is written as C2SP tlog-tiles writes it, and read back', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: ENTRIES_LEVEL, index: 5, width: 17 })).toBe('tile/entries/005.p/17');
    const ref = fc.record({
      level: fc.integer({ min: -1, max: 63 }),
      index: fc.integer({ min: 0, max: 999_999_999_999 }),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(ref, (any) => {
        expect(parseTilePath(tilePath(any))).toEqual(any);
      }),
    );
  });

  it.each([
    ['tile/00/000'],
    ['tile/64/000'],
    ['tile/0/1'],
    ['tile/0/x000/001'],
    ['tile/0/000.p/256'],
    ['tile/0/000.p/0'],
    ['tile/0/000.p/01'],
    ['tile/0/../0/000'],
    ['tile/0/000/'],
    ['/tile/0/000'],
    ['tile/-1/000'],
    ['tile/entries/x001'],
  ])('%s names no tile', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe('a bundle of entries', () => {
  it('gives back the entries', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 });
    fc.assert(
      fc.property(entries, (list) => {
        expect(decodeBundle(encodeBundle(list)).map((entry) => [...entry])).toEqual(
          list.map((entry) => [...entry]),
        );
      }),
    );
  });

  it('that ends within an entry is refused, and so is an entry of more than 65,535 bytes', () => {
    const bundle = encodeBundle([Buffer.from('abc'), Buffer.from('de')]);
    for (const end of [1, 2, 4, 6, 8])
      expect(() => decodeBundle(bundle.subarray(0, end))).toThrow(RangeError);
    expect(encodeBundle([new Uint8Array(65_535)])).toHaveLength(65_537);
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});

describe('a receipt', () => {
  const receipt = { index: 4, hashes: leavesOf(3), checkpoint: 'o\n9\nr\n\n— o AAAA\n' };

  it('is written as C2SP tlog-proof writes it, and read back', () => {
    const text = formatTlogProof(receipt);
    expect(text.split('\n').slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 4']);
    expect(formatTlogProof(parseTlogProof(text))).toBe(text);
    expect(parseTlogProof(text.replace('index', 'extra AAAA\nindex'))).toMatchObject({ index: 4 });
    expect(parseTlogProof(formatTlogProof({ ...receipt, hashes: [] })).hashes).toEqual([]);
  });

  it.each([
    ['another first line', 'v1', 'v2'],
    ['an index with a zero in front', 'index 4', 'index 04'],
    ['a hash that is too short', 'index 4\n', 'index 4\nAAAA\n'],
    ['no checkpoint', /\n\n.*$/s, '\n\n'],
  ])('with %s is refused', (_, from, to) => {
    expect(() => parseTlogProof(formatTlogProof(receipt).replace(from, to))).toThrow(ProofError);
  });
});

describe('a trust policy', () => {
  const key = (name: string, type: typeof ED25519 | typeof COSIGNATURE_V1) =>
    createSigner(name, type, generateKeyPairSync('ed25519').privateKey).verifier;
  const log = formatVerifierKey(key('bank.example/ledger', ED25519));
  const [x1, x2, x3, y1] = ['x1', 'x2', 'x3', 'y1'].map((name) => key(name, COSIGNATURE_V1));
  const lines = [x1, x2, x3, y1].map((one) => `witness ${one?.name} ${one && formatVerifierKey(one)}`);
  const TEXT = `# keys
log ${log} https://bank.example/ledger
${lines.join('\n')}
group X 2 x1 x2 x3
group both all X y1
quorum both
`;
  const ids = (...keys: (typeof x1)[]) => new Set(keys.map((one) => one?.keyId ?? ''));

  it('asks for its quorum, through groups of groups', () => {
    const policy = parseTlogPolicy(TEXT);
    expect(policy.logs[0]?.url).toBe('https://bank.example/ledger');
    expect(meetsQuorum(policy, ids(x1, x3, y1))).toBe(true);
    expect(meetsQuorum(policy, ids(x1, x2, x3))).toBe(false);
    expect(meetsQuorum(policy, ids(x1, y1))).toBe(false);
    expect(meetsQuorum(parseTlogPolicy('quorum none'), ids())).toBe(true);
  });

  it.each([
    ['an unknown word', 'line 10: "hello"', `${TEXT}hello`],
    ['no quorum', 'there is no quorum', TEXT.replace(/quorum.*/, '')],
    ['two quorums', 'line 10', `${TEXT}quorum X`],
    ['an unknown name', 'line 9: "Z" is not defined', TEXT.replace('quorum both', 'quorum Z')],
    ['a witness in two groups', 'x1 is a member already', TEXT.replace('all X y1', 'all X x1')],
    ['too high a number', 'line 7', TEXT.replace('X 2', 'X 4')],
    [
      'the same key twice',
      'there already',
      TEXT.replace('# keys', `witness again ${y1 && formatVerifierKey(y1)}`),
    ],
    [
      'a key of a log as a witness',
      'expected a key of type 0x04',
      TEXT.replace('# keys', `witness w ${log}`),
    ],
    ['a taken name', 'is taken', TEXT.replace('group X', 'group x1')],
  ])('with %s is refused with the line', (_, message, text) => {
    expect(() => parseTlogPolicy(text)).toThrow(message);
  });
});
