import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChangingServer,
  changingUpstream,
  openPolicy,
  startChangingServer,
  tool,
} from './support/changing-server.js';
import { codeOf, frameOf, rawPost, rpc, toolCall } from './support/raw.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, type Settings, startPrivate } from './support/standalone.js';
import { serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

let stage: Stage;
let one: ChangingServer;
let two: ChangingServer;
let system: PrivateSystem;
let ledger: Examiner;
let engineer: string;

beforeAll(async () => {
  stage = await openStage();
  one = await startChangingServer(stage, { tools: [tool('read')] });
  two = await startChangingServer(stage, { tools: [tool('read'), tool('write')] });
  system = await startPrivate(stage, {
    policy: openPolicy(['one/read', 'two/read', 'two/write']),
    upstreams: [changingUpstream('one', one)],
    otherResources: ['mcp/two'],
  });
  ledger = await examiner(system);
  engineer = await system.issuer.token('data-engineer');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const post = (name: string, body: string) =>
  rawPost(`${system.urls.ingress}/mcp/${name}`, body, { authorization: `Bearer ${engineer}` });
const call = async (server: string) => codeOf(await post(server, toolCall('read', {})));
const shown = async (server: string): Promise<readonly string[]> => {
  const { result } = frameOf(await post(server, rpc('tools/list'))) as unknown as {
    result?: { tools: readonly { name: string }[] };
  };
  return (result?.tools ?? []).map(({ name }) => name);
};
const configFile = () => join(dirname(system.policyFile), 'countersign.yaml');
/** As editors and Kubernetes do: another file under the same name. */
const replaceConfig = async (text: string): Promise<void> => {
  await writeFile(`${configFile()}.new`, text);
  await rename(`${configFile()}.new`, configFile());
};
const configure = async (
  change: (config: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> => {
  const config = JSON.parse(await readFile(configFile(), 'utf8')) as Record<string, unknown>;
  await replaceConfig(JSON.stringify(change(config)));
};
const upstreams = (...list: readonly Settings[]) => configure((config) => ({ ...config, upstreams: list }));
const changes = async () =>
  (await ledger.events()).filter(({ type }) => type === 'ServersConfigured').map(({ data }) => data);
const output = () => serviceOf(system, 'countersign').output();

describe('servers in the configuration file', () => {
  it('are added while calls run, on record by name and digest', async () => {
    one.hold();
    const running = post('one', toolCall('read', {}));
    await waitUntil('a call under way', () => one.underWay() === 1);
    expect((await post('two', rpc('tools/list'))).status).toBe(404);
    await upstreams(changingUpstream('one', one), changingUpstream('two', two));
    await waitUntil('the new server', async () => (await shown('two')).length === 2 || undefined);
    expect(await call('two')).toBeUndefined();
    expect(await changes()).toEqual([
      {
        added: ['two'],
        changed: [],
        removed: [],
        by: 'configuration',
        digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
    ]);
    one.release();
    expect(codeOf(await running)).toBeUndefined();
  });

  it('are changed: the call under way ends at the old connection, the next one goes to the new', async () => {
    one.hold();
    const running = post('one', toolCall('read', {}));
    await waitUntil('a call under way', () => one.underWay() === 1);
    const moved = await startChangingServer(stage, { tools: [tool('read')] });
    await upstreams(changingUpstream('one', moved), changingUpstream('two', two));
    await waitUntil('the change', async () => (await changes()).length === 2 || undefined);
    await waitUntil('a call at the new place', async () => (await call('one')) === undefined || undefined);
    expect(moved.called.length).toBeGreaterThan(0);
    one.release();
    const answer = await running;
    expect(codeOf(answer)).toBeUndefined();
    expect(answer.text).toContain('read done');
    expect((await changes()).at(-1)).toMatchObject({ added: [], changed: ['one'], removed: [] });
    await upstreams(changingUpstream('one', one), changingUpstream('two', two));
    await waitUntil('the change back', async () => (await changes()).length === 3 || undefined);
    await waitUntil('the list', async () => (await shown('one')).length === 1 || undefined);
  });

  it('are removed: the call under way ends, new ones are refused', async () => {
    two.hold();
    const running = post('two', toolCall('read', {}));
    await waitUntil('a call under way', () => two.underWay() === 1);
    await upstreams(changingUpstream('one', one));
    await waitUntil('the removal', async () => (await post('two', rpc('tools/list'))).status === 404);
    expect(codeOf(await post('two', toolCall('read', {})))).toBe('not_found');
    two.release();
    expect(codeOf(await running)).toBeUndefined();
    expect((await changes()).at(-1)).toMatchObject({ added: [], changed: [], removed: ['two'] });
    expect(await call('one')).toBeUndefined();
  });

  it('keep their pins when they come back', async () => {
    two.set({ tools: [tool('read', { description: 'Changed meanwhile.' }), tool('write')] });
    await upstreams(changingUpstream('one', one), changingUpstream('two', two));
    await waitUntil('the list', async () => (await shown('two')).length > 0 || undefined);
    expect(await shown('two')).toEqual(['write']);
    expect(await call('two')).toBe('tool_held');
  });

  it('stay as they are when the new file is not valid, and the log says what is wrong', async () => {
    const before = await changes();
    const good = await readFile(configFile(), 'utf8');
    await replaceConfig(
      JSON.stringify({ ...(JSON.parse(good) as object), upstreams: [{ name: 'Bad Name' }] }),
    );
    await waitUntil('the error', () => output().includes('upstreams.0'));
    await replaceConfig('mode: [unfinished');
    await waitUntil('the second error', () => output().split('is not valid; the old one stays').length === 3);
    const secret = changingUpstream('three', two, {
      headers: { authorization: { env: 'NOT_SET_ANYWHERE' } },
    });
    await replaceConfig(JSON.stringify({ ...(JSON.parse(good) as object), upstreams: [secret] }));
    await waitUntil('the error', () => output().includes('NOT_SET_ANYWHERE'));
    expect(await call('one')).toBeUndefined();
    expect(await changes()).toEqual(before);
    await replaceConfig(good);
  });

  it('are read again on SIGHUP; other settings need a restart, and the log says which', async () => {
    await configure((config) => ({ ...config, log_level: 'warn' }));
    serviceOf(system, 'countersign').signal('SIGHUP');
    await waitUntil('the warning', () => /"settings":\["log_level"\]/.test(output()));
    expect(serviceOf(system, 'countersign').isAlive()).toBe(true);
    expect(await call('one')).toBeUndefined();
  });
});
