import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChangingServer,
  changingUpstream,
  openPolicy,
  startChangingServer,
  tool,
} from './support/changing-server.js';
import { catalogOf, type OperatorCatalog } from './support/operator.js';
import { codeOf, rawPost, toolCall } from './support/raw.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { DIST } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const CLI = join(DIST, 'apps', 'cli', 'main.js');

let stage: Stage;
let server: ChangingServer;
let system: PrivateSystem;
let ledger: Examiner;
let one: OperatorCatalog;
let other: OperatorCatalog;

beforeAll(async () => {
  stage = await openStage();
  server = await startChangingServer(stage, { tools: [tool('read')] });
  system = await startPrivate(stage, {
    policy: openPolicy(['files/read']).replace('[BANK-OPERATIONS]', '[BANK-OPERATIONS, BANK-POLICY-OWNER]'),
    upstreams: [changingUpstream('files', server)],
    settings: { catalog: { repin_approvals: 2 } },
  });
  ledger = await examiner(system);
  one = await catalogOf(system, 'operator');
  other = await catalogOf(system, 'policy-owner-1');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const call = async () => {
  const authorization = `Bearer ${await system.issuer.token('data-engineer')}`;
  return codeOf(await rawPost(`${system.urls.ingress}/mcp/files`, toolCall('read', {}), { authorization }));
};
const entry = async () => (await one.one('files', 'tools', 'read')).body;
/** The server lists another definition; answers its digest once it is held. */
const change = async (description: string): Promise<string> => {
  const before = (await entry()).digest;
  server.set({ tools: [tool('read', { description })] });
  const { digest } = await waitUntil('the change', async () => {
    const now = await entry();
    return now.digest !== before && now.state === 'drifted' ? now : undefined;
  });
  return digest ?? '';
};
const approve = (as: OperatorCatalog, digest: string) =>
  as.approve('files', 'tools', 'read', { digest, reason: 'read the difference' });
const run = (args: readonly string[], token: string): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    const env = { ...process.env, COUNTERSIGN_TOKEN: token };
    execFile(process.execPath, [CLI, ...args, '--server', system.urls.ingress], { env }, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout }),
    );
  });

describe('a definition that takes the place of an approved one', () => {
  it('is used after two operators have approved it, each with the digest shown, and not before', async () => {
    expect(await call()).toBeUndefined();
    const digest = await change('Reads something else.');
    expect(await entry()).toMatchObject({ votes: [], stillNeeded: 2 });
    expect((await approve(one, digest)).body).toMatchObject({
      state: 'drifted',
      votes: [{ approver: 'operator', reason: 'read the difference' }],
      stillNeeded: 1,
    });
    expect(await call()).toBe('tool_held');
    expect(await approve(one, digest)).toMatchObject({
      status: 409,
      body: { code: 'approver_voted_already' },
    });
    expect(await call()).toBe('tool_held');
    expect((await approve(other, digest)).body).toMatchObject({ state: 'pinned', votes: [], stillNeeded: 0 });
    expect(await call()).toBeUndefined();
    const events = await ledger.events();
    const types = events.filter(({ stream }) => stream === 'catalog-files').map(({ type }) => type);
    expect(types.slice(-4)).toEqual([
      'CatalogEntryHeld',
      'CatalogEntryVoted',
      'CatalogEntryVoted',
      'CatalogEntryPinned',
    ]);
    const refused = events.findLast(({ type }) => type === 'RequestRefused');
    expect(refused?.data).toMatchObject({ code: 'approver_voted_already', where: 'catalog' });
  });

  it('needs both anew when the server changes it once more between the two', async () => {
    const second = await change('A second change.');
    await approve(one, second);
    const third = await change('A third change.');
    expect(await entry()).toMatchObject({ votes: [], stillNeeded: 2 });
    expect(await approve(other, second)).toMatchObject({ status: 409, body: { code: 'digest_mismatch' } });
    expect((await approve(other, third)).body).toMatchObject({ state: 'drifted', stillNeeded: 1 });
    expect(await call()).toBe('tool_held');
  });

  it('keeps the first approval over a restart, and the command line says what is missing', async () => {
    const gateway = system.services.get('countersign');
    await gateway?.stop();
    await gateway?.start();
    const digest = await waitUntil('the list', async () => {
      const { body } = await one.one('files', 'tools', 'read');
      return body.state === 'drifted' ? body.digest : undefined;
    });
    const token = await system.issuer.token('operator');
    const path = ['files', 'tools', 'read'];
    const shown = await run(['catalog', 'show', ...path], token);
    expect(shown).toMatchObject({ code: 1 });
    expect(shown.out).toContain('approved   by "policy-owner-1": "read the difference"');
    expect(shown.out).toContain('needed     1 more');
    const approved = await run(['catalog', 'approve', ...path, '--digest', digest ?? ''], token);
    expect(approved).toMatchObject({ code: 0 });
    expect(approved.out).toContain('read: pinned');
    expect(await call()).toBeUndefined();
  });
});
