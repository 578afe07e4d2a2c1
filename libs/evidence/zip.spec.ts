import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContainerError, sourceOf, Zip } from './zip-read.js';
import { type PackFile, zipOf } from './zip-write.js';

const zipBytes = async (files: readonly PackFile[]): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of zipOf(files)) pieces.push(piece);
  return Buffer.concat(pieces);
};

const readAll = (bytes: Buffer) => {
  const zip = Zip.open(sourceOf(bytes));
  return zip.paths.map((path) => ({ path, bytes: Buffer.concat([...zip.pieces(path, 7)]) }));
};

const someFiles = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9_-][a-z0-9._-]{0,8}(\/[a-z0-9_-][a-z0-9.]{0,8})?$/), {
    maxLength: 5,
  })
  .chain((paths) =>
    fc.tuple(...paths.map((path) => fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ path, bytes })))),
  );

describe('the zip of a pack', () => {
  it('gives back the files, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(someFiles, async (files) => {
        const read = readAll(await zipBytes(files));
        expect(read).toEqual(files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) })));
      }),
    );
  });

  it('shows every flipped bit and every cut, wherever it is', async () => {
    const bytes = await zipBytes([
      { path: 'a/one', bytes: Buffer.from('first') },
      { path: 'two', bytes: Buffer.from('second') },
    ]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => readAll(changed), `bit ${bit}`).toThrow(ContainerError);
    }
    for (let length = 0; length < bytes.length; length++)
      expect(() => readAll(bytes.subarray(0, length)), `cut at ${length}`).toThrow(ContainerError);
    expect(() => readAll(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(ContainerError);
  });

  it.each(['../up', '/root', 'a//b', 'a\\b', '.hidden', 'a/../b', 'name with space', ''])(
    'has no file named "%s"',
    async (path) => {
      await expect(zipBytes([{ path, bytes: Buffer.from('x') }])).rejects.toThrow(RangeError);
    },
  );

  it('has each name once', async () => {
    const twice = { path: 'twice', bytes: Buffer.from('x') };
    expect(() => Zip.open(sourceOf(Buffer.alloc(0)))).toThrow(ContainerError);
    const bytes = await zipBytes([twice, twice]);
    expect(() => readAll(bytes)).toThrow(ContainerError);
  });

  it('has at most 65,535 files', async () => {
    const many = Array.from({ length: 65_536 }, (_, nth) => ({ path: `f${nth}`, bytes: new Uint8Array() }));
    await expect(zipBytes(many)).rejects.toThrow('65,535');
  });
});
