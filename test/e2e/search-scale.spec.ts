import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersignAs } from './support/command.js';
import { demoPolicy } from './support/policies.js';
import { type Found, searchLedger } from './support/search.js';
import { seedCalls } from './support/seed-calls.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';

const SEEDED = 10_000;

let stage: Stage;
let system: PrivateSystem;

beforeAll(async () => {
  stage = await openStage();
  const data = join(stage.folder, 'data');
  await seedCalls(data, SEEDED);
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams: [], data });
}, 120_000);
afterAll(() => stage.close(), 30_000);

describe('an export', () => {
  it('of 10,000 calls is whole and in order, and goes on where it was cut', async () => {
    const out = join(stage.folder, 'calls.jsonl');
    const args = ['export', '--out', out, '--principal', 'seeded'];
    const first = await countersignAs(system, 'auditor', args);
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining(`${SEEDED} calls`) });
    const whole = await readFile(out, 'utf8');
    const lines = whole.trimEnd().split('\n');
    expect(lines).toHaveLength(SEEDED + 1);
    expect(lines.slice(0, -1).map((line) => (JSON.parse(line) as Found).n)).toEqual(
      Array.from({ length: SEEDED }, (_, at) => at + 1),
    );
    expect((await countersignAs(system, 'auditor', args)).code).toBe(2);
    expect((await countersignAs(system, 'auditor', [...args, '--resume'])).err).toContain('is whole');
    await truncate(out, Math.floor(whole.length / 2));
    const resumed = await countersignAs(system, 'auditor', [...args, '--resume']);
    expect(resumed.code).toBe(0);
    const again = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(again.slice(0, -1)).toEqual(lines.slice(0, -1));
  }, 120_000);

  it('as CSV runs nothing in a spreadsheet, and goes on where it was cut', async () => {
    const out = join(stage.folder, 'calls.csv');
    const args = ['export', '--out', out, '--format', 'csv', '--to', '2026-01-01T00:01:00Z'];
    expect((await countersignAs(system, 'examiner', args)).code).toBe(0);
    const whole = await readFile(out, 'utf8');
    expect(whole.split('\r\n')).toHaveLength(60 + 3);
    expect(whole).toContain(",'=get,");
    expect(whole).toMatch(/#end,60\r\n$/);
    await writeFile(out, whole.slice(0, 3_000));
    expect((await countersignAs(system, 'examiner', [...args, '--resume'])).code).toBe(0);
    expect((await readFile(out, 'utf8')).split('\r\n').slice(0, -2)).toEqual(
      whole.split('\r\n').slice(0, -2),
    );
  }, 60_000);
});

describe('among 10,000 calls', () => {
  it('the one that holds a value is found, and again after the read model was rebuilt', async () => {
    const value = `s-${SEEDED - 1}`;
    const [only, ...others] = await searchLedger(system, { value, field: 'customer_id' });
    expect(others).toEqual([]);
    expect(only?.found).toEqual(['arguments']);
    const { code, out } = await countersignAs(system, 'operator', ['ledger', 'rebuild']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`${SEEDED}, up to`) });
    expect(await searchLedger(system, { value })).toEqual([{ ...only, found: ['arguments', 'result'] }]);
  }, 120_000);
});
