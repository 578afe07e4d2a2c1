import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { MemoryLog, randomHistory, seeded, timeAt } from '../../apps/ledger/evidence/memory-log.fixture.js';
import { filesOf, packOf } from '../../apps/ledger/evidence/pack.fixture.js';

const run = promisify(execFile);

/** A PNG begins with its width and height. */
const sizeOf = (png: Buffer) => ({ width: png.readUInt32BE(16), height: png.readUInt32BE(20) });

it('the report is shown by a real browser, with nothing on its console', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-report-'));
  try {
    const log = randomHistory(new MemoryLog(), seeded(7), 8, 60);
    const page = join(folder, 'report.html');
    const report = filesOf(await packOf(log, { from: timeAt(0) })).get('report.html') ?? Buffer.alloc(0);
    await writeFile(page, report);
    const browser = (...words: string[]) =>
      run('chromium', [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--v=0'],
        ...[
          `--user-data-dir=${join(folder, 'profile')}`,
          '--window-size=1100,2400',
          ...words,
          `file://${page}`,
        ],
      ]);
    const picture = join(folder, 'report.png');
    const { stderr } = await browser(`--screenshot=${picture}`);
    expect(stderr.split('\n').filter((line) => line.includes('CONSOLE'))).toEqual([]);
    expect(sizeOf(await readFile(picture))).toEqual({ width: 1100, height: 2400 });

    const { stdout } = await browser('--dump-dom');
    // As the browser has read it: what a vote says is text, never an element.
    expect(stdout).toContain('mallory &lt;b&gt;');
    expect(stdout).toContain('people must approve');
    expect(stdout.match(/<section id="c-/g)).toHaveLength(8);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);

it('the report needs nothing from elsewhere and runs nothing', async () => {
  const log = randomHistory(new MemoryLog(), seeded(8), 5);
  const report =
    filesOf(await packOf(log, {}))
      .get('report.html')
      ?.toString() ?? '';
  expect(report).not.toMatch(/<(?:script|img|iframe|link|object|embed|form)\b/i);
  expect(report).not.toMatch(/\s(?:src|on\w+)=|url\(|@import/i);
  expect(report).toContain(`default-src 'none'`);
  for (const rule of ['II.C.22', '314.4(c)(8)', '500.6', 'PCI DSS 4.0.1', 'AU-9(3)'])
    expect(report).toContain(rule);
});
