import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../apps/cli/main.js', import.meta.url));
const DEMO_MS_MAX = 60_000;

interface Played {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What `npm run demo` runs, with a folder of its own for temporary files. */
const play = (args: readonly string[], folder: string): Promise<Played> =>
  new Promise((resolve) => {
    const env = { PATH: '', TMPDIR: folder };
    execFile(process.execPath, [MAIN, 'demo', ...args], { env, timeout: DEMO_MS_MAX }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });

describe('npm run demo', () => {
  let folder = '';
  let told: Played;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-demo-test-'));
    told = await play([], folder);
  }, DEMO_MS_MAX);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('ends fine, with every check held', () => {
    expect(told.out).not.toContain('✗');
    expect(told.out).toMatch(/\d\d checks held, 0 did not\s*$/);
    expect(told.code).toBe(0);
  });

  it('shows real bytes: a masked record, the rule that refuses, the digest, the replay', () => {
    expect(told.out).toContain('"ssn": "[US_SSN]"');
    expect(told.out).toContain('RA-2: Risk analysts may never change anything.');
    expect(told.out).toMatch(/"digest": "sha256:[0-9a-f]{64}"/);
    expect(told.out).toMatch(/✓ replay: (\d+) checked, \1 identical, 0 different/);
  });

  it('shows no number or address of a customer in clear', () => {
    expect(told.out).not.toMatch(/\b\d{3}-\d{2}-\d{4}\b/);
    expect(told.out).not.toMatch(/@example\.com(?!",\n +"notes": "Prefers letters)/);
  });

  it('leaves nothing behind', async () => {
    expect(await readdir(folder)).toEqual([]);
  });

  it(
    'gives its checks as JSON when asked',
    async () => {
      const { code, out } = await play(['--json'], folder);
      const report = JSON.parse(out) as {
        passed: number;
        failed: number;
        checks: readonly { name: string; held: boolean }[];
      };
      expect(report.checks.filter(({ held }) => !held)).toEqual([]);
      expect(report).toMatchObject({ passed: report.checks.length, failed: 0 });
      expect(code).toBe(0);
    },
    DEMO_MS_MAX,
  );
});
