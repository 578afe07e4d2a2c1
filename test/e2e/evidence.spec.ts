import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOf } from '../../apps/ledger/evidence/pack.fixture.js';
import { createDemoBank } from '../../apps/standalone/demo.js';
import { startCluster } from './support/distributed.js';
import { clearIdentifiersIn } from './support/personal-data.js';
import { demoPolicy } from './support/policies.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';

const CLI = fileURLToPath(new URL('../../apps/cli/main.js', import.meta.url));

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let vkey: string;

const pack = (name: string): string => join(stage.folder, name);

const countersign = async (user: string, ...words: string[]) => {
  const token = await system.issuer.token(user);
  const env = { ...process.env, COUNTERSIGN_TOKEN: token };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [CLI, ...words], { env, cwd: stage.folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
};

const exported = async (name: string, ...filters: string[]) => {
  const server = ['--server', system.urls.ledger];
  return countersign('examiner', 'evidence', 'export', '--out', pack(name), ...server, ...filters);
};

describe.each([
  ['standalone', startPrivate],
  ['distributed', startCluster],
] as const)('evidence packs of a running ledger, %s', (_shape, start) => {
  beforeAll(async () => {
    stage = await openStage();
    const { coreBanking, upstreams } = await createDemoBank(join(stage.folder, 'demo'));
    stage.defer(coreBanking.close);
    system = await start(stage, { policy: demoPolicy(), upstreams });
    ledger = await examiner(system);
    const analyst = await connect(system, 'SDK v2', 'risk-analyst', 'core-banking');
    for (let nth = 0; nth < 3; nth++) await analyst.call('query_customers', { limit: 2 });
    await analyst.close();
    const authorization = `Bearer ${await system.issuer.token('examiner')}`;
    const state = await fetch(`${system.urls.ledger}/ledger/log`, { headers: { authorization } });
    vkey = ((await state.json()) as { vkey: string }).vkey;
  }, 90_000);
  afterAll(() => stage.close(), 30_000);

  it('of all calls is exported and checked with the two commands', async () => {
    const { code, stdout, stderr } = await exported('all.zip');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('countersign verify');
    const checked = await countersign('examiner', 'verify', pack('all.zip'), '--key', vkey, '--json');
    const verdict = JSON.parse(checked.stdout) as {
      findings: unknown[];
      facts: { calls: number; open: number };
    };
    expect(verdict.findings).toEqual([]);
    expect(verdict.facts).toMatchObject({ calls: (await ledger.calls()).length, open: 0, keyFrom: 'given' });
    expect(checked.code).toBe(0);
  });

  it('of one call holds the request and the masked result when they are disclosed, the original never', async () => {
    const call = (await ledger.calls())[0]?.id ?? '';
    expect((await exported('one.zip', '--call', call, '--disclose', 'requests,results')).code).toBe(0);
    const checked = await countersign('examiner', 'verify', pack('one.zip'), '--key', vkey, '--json');
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, facts: { calls: 1, disclosures: 2 } });
    const files = filesOf(await readFile(pack('one.zip')));
    const opened = [...files]
      .filter(([path]) => path.startsWith('disclosures/'))
      .map(([, bytes]) =>
        Buffer.from((JSON.parse(bytes.toString()) as { bytes: string }).bytes, 'base64').toString(),
      );
    expect(opened.join()).toContain('query_customers');
    expect(opened.join()).toContain('[US_SSN]');
    expect(clearIdentifiersIn(opened.join())).toEqual([]);
  });

  it('has no clear personal data', async () => {
    const bytes = await readFile(pack('all.zip'));
    expect(clearIdentifiersIn(bytes.toString('latin1'))).toEqual([]);
  });

  it('with a changed byte, or checked with another key, is a finding', async () => {
    const bytes = await readFile(pack('all.zip'));
    const at = bytes.indexOf('"type":"CallDecided"');
    bytes[at + 9] = 0x58;
    await writeFile(pack('changed.zip'), bytes);
    const changed = await countersign('examiner', 'verify', pack('changed.zip'), '--key', vkey);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain('NOT OK');
    const other = `${vkey.slice(0, vkey.indexOf('+'))}+00000000+AQID`;
    expect((await countersign('examiner', 'verify', pack('all.zip'), '--key', other)).code).toBe(2);
  });

  it('is on record before it is given out, and refused to everybody but examiners', async () => {
    const refused = await countersign(
      ...([
        'risk-analyst',
        'evidence',
        'export',
        '--out',
        pack('no.zip'),
        '--server',
        system.urls.ledger,
      ] as const),
    );
    expect(refused.code).toBe(2);
    await expect(readFile(pack('no.zip'))).rejects.toThrow('ENOENT');
    await exported('again.zip', '--principal', 'nobody', '--from', '2026-01-01');
    const reads = (await ledger.events()).filter(({ type }) => type.startsWith('LedgerRead'));
    const packs = reads.filter(({ data }) => (data as { what?: string }).what === 'evidence');
    expect(packs.map(({ type }) => type)).toContain('LedgerReadRefused');
    expect(packs.at(-1)).toMatchObject({
      type: 'LedgerRead',
      data: { query: { principal: 'nobody', from: '2026-01-01' } },
    });
  });

  it('of nothing is a pack too: that nothing matches can be checked', async () => {
    expect((await exported('none.zip', '--principal', 'nobody')).code).toBe(0);
    const checked = await countersign('examiner', 'verify', pack('none.zip'), '--key', vkey, '--json');
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, facts: { calls: 0 } });
    expect((await exported('unknown.zip', '--call', 'no-such-call')).stderr).toContain('not_found');
  });
});
