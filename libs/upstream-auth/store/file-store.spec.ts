import { mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from './file-store.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (secret = 'one') => openFileStore({ folder, secret });
const files = async () => (await readdir(folder)).sort();

describe('the sealed file store', () => {
  it('gives back what was written, also to another replica', async () => {
    const value = { accessToken: 'secret-token', scope: 'read' };
    await (await open()).write('grant/a/gateway', value);
    expect(await (await open()).read('grant/a/gateway')).toEqual(value);
    expect(await (await open()).read('grant/b/gateway')).toBeUndefined();
  });

  it('keeps neither the value nor the key in clear, in a file for its owner only', async () => {
    await (await open()).write('grant/payments/gateway', { accessToken: 'secret-token' });
    const [name = ''] = await files();
    const text = name + (await readFile(join(folder, name), 'latin1'));
    expect(text).not.toMatch(/secret-token|payments|gateway/);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it('does not open under another secret, when a byte is changed, or at the place of another key', async () => {
    const store = await open();
    await store.write('grant/a/gateway', 1);
    expect(await (await open('two')).read('grant/a/gateway')).toBeUndefined();
    const [name = ''] = await files();
    const file = join(folder, name);
    const sealed = await readFile(file);
    await store.write('grant/b/gateway', 2);
    const other = (await files()).find((found) => found !== name) ?? '';
    await rename(join(folder, other), file);
    expect(await store.read('grant/a/gateway')).toBeUndefined();
    for (const at of [0, 13, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await writeFile(file, changed);
      expect(await store.read('grant/a/gateway')).toBeUndefined();
    }
    await writeFile(file, sealed.subarray(0, 20));
    expect(await store.read('grant/a/gateway')).toBeUndefined();
  });

  it('gives a value to exactly one of many takers', async () => {
    const stores = [await open(), await open(), await open()];
    await stores[0]?.write('flow/x', 'once');
    const taken = await Promise.all([...stores, ...stores].map((store) => store.take('flow/x')));
    expect(taken.filter((value) => value === 'once')).toHaveLength(1);
    expect(taken.filter((value) => value === undefined)).toHaveLength(5);
    expect(await files()).toEqual([]);
  });

  it('replaces and removes', async () => {
    const store = await open();
    await store.write('grant/a/gateway', 1);
    await store.write('grant/a/gateway', 2);
    expect(await store.read('grant/a/gateway')).toBe(2);
    expect(await files()).toHaveLength(1);
    await store.remove('grant/a/gateway');
    await store.remove('grant/a/gateway');
    expect(await files()).toEqual([]);
  });

  it('forgets old links and what a crash left, and keeps consents', async () => {
    const store = await open();
    await store.write('link/x', 1);
    await store.write('grant/a/gateway', 1);
    await writeFile(join(folder, 'half.new'), 'x');
    const long = new Date(Date.now() - 2 * 3_600_000);
    for (const name of await files()) await utimes(join(folder, name), long, long);
    const again = await open();
    expect(await files()).toHaveLength(1);
    expect(await again.read('grant/a/gateway')).toBe(1);
  });
});
