import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatVerifierKey } from '#tlog/note-key.js';
import { MemoryLog, randomHistory, seeded } from '../../apps/ledger/evidence/memory-log.fixture.js';
import { filesOf, packOf, zipped } from '../../apps/ledger/evidence/pack.fixture.js';

const log = randomHistory(new MemoryLog(), seeded(7), 30, 60);
const vkey = formatVerifierKey(log.signer.verifier);
let folder: string;

const run = (program: string, words: readonly string[], env: { readonly [name: string]: string } = {}) =>
  new Promise<{ code: number; output: string }>((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 60_000 };
    execFile(program, [...words], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });

/** As Debian's golang-golang-x-mod-dev is meant to be used: no network, no modules. */
const GO = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', GOTOOLCHAIN: 'local' };

const ours = (pack: string) => run(process.execPath, ['verify/verify.mjs', pack, '--key', vkey]);
const go = (pack: string) => run('./verify-go', [pack, vkey]);
/** The commands of the README in the pack, as they stand there. */
const openssl = async (pack: string) => {
  const commands =
    /```sh\n([\s\S]*?)```/.exec(await readFile(join(folder, 'verify/README.md'), 'utf8'))?.[1] ?? 'exit 9';
  await run('rm', ['-rf', 'unpacked']);
  await run('unzip', ['-q', pack, '-d', 'unpacked']);
  return run('bash', ['-c', `cd unpacked && { ${commands}\n}`]);
};

const save = async (name: string, bytes: Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), bytes);
  return name;
};

/** One bit of a file is turned and the pack zipped again, so that the zip's own checksum fits. */
const changed = (pack: Buffer, path: RegExp, needle: string): Promise<Buffer> => {
  const files = filesOf(pack);
  const [name, bytes] =
    [...files].find(([each, content]) => path.test(each) && content.includes(needle)) ?? [];
  if (name === undefined || bytes === undefined) throw new Error(`no ${path} with ${needle}`);
  const at = bytes.indexOf(needle);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return zipped([...files].map(([each, content]) => ({ path: each, bytes: content })));
};

describe('a fresh pack is verified by three independent programs', () => {
  let whole: Buffer;
  let single: Buffer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-evidence-'));
    whole = await packOf(log, {}, { earlier: [3, 64, 100] });
    single = await packOf(log, { call: 'c-4' }, { earlier: [100], disclose: ['requests'] });
    await save('whole.zip', whole);
    await save('single.zip', single);
    expect((await run('unzip', ['-q', 'whole.zip', 'verify/*'])).code).toBe(0);
    const built = await run('/usr/bin/go', ['build', '-o', 'verify-go', 'verify/verify.go'], GO);
    expect(built.output).toBe('');
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['whole.zip', 'single.zip'])('%s: our verifier, Go with x/mod/sumdb, openssl', async (pack) => {
    expect(await ours(pack)).toMatchObject({
      code: 0,
      output: expect.stringContaining('OK: nothing was found'),
    });
    expect(await go(pack)).toMatchObject({
      code: 0,
      output: expect.stringContaining('OK: bank.example/countersign'),
    });
    expect(await openssl(pack)).toMatchObject({ code: 0 });
  });

  it.each([
    ['an entry of the range', () => changed(whole, /^range/, '"type":"CallDecided"')],
    ['an entry of its own', () => changed(single, /^entries/, '"type":"CallRequested"')],
    ['the report', () => changed(whole, /^report/, '<h1>Evidence report')],
    ['a policy', () => changed(whole, /^policy/, 'Risk analysts')],
    ['the checkpoint', () => changed(whole, /^checkpoint$/, '\n')],
    ['the manifest', () => changed(whole, /^manifest.json$/, '"format":"countersign-evidence')],
    ['the signature', () => changed(whole, /^manifest.json.note$/, ' manifest')],
  ])('one changed byte in %s is found by all three', async (_what, tamper) => {
    const pack = await save('changed.zip', await tamper());
    expect((await ours(pack)).code).toBe(1);
    expect((await go(pack)).code).toBe(1);
    expect((await openssl(pack)).code).not.toBe(0);
  });

  it('tells a wrong call of the verifier from a finding', async () => {
    expect((await ours('missing.zip')).code).toBe(2);
    expect((await ours(await save('text.zip', Buffer.from('no zip')))).code).toBe(2);
    expect(
      (await run(process.execPath, ['verify/verify.mjs', 'whole.zip', '--key', 'nonsense+1+2'])).code,
    ).toBe(2);
    expect((await run(process.execPath, ['verify/verify.mjs'])).code).toBe(2);
    expect((await run(process.execPath, ['verify/verify.mjs', '--help'])).code).toBe(0);
  });
});
