import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { InProcessTransport, inProcessBus } from '#bus/in-process/in-process-bus.js';
import { configSchema } from '#config/config.schema.js';
import { ledgerReadStream } from '#contracts/ledger.js';
import type { Actor } from '#core/evidence/entry.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { startService } from '#service/start-service.js';
import { Catalog } from '../../apps/ingress/catalog/catalog.js';
import { openServer } from '../../apps/ingress/open-server.js';
import { LedgerModule } from '../../apps/ledger/ledger.module.js';
import { openEventStore } from '../../apps/ledger/open-event-store.js';
import {
  type ChangingServer,
  changingUpstream,
  startChangingServer,
  tool,
} from './support/changing-server.js';
import { openStage, type Stage } from './support/stage.js';
import { waitUntil } from './support/wait-until.js';

const OPERATOR: Actor = { kind: 'caller', principal: 'operator', issuer: 'i', subject: 's', client: 'c' };
const BY = {
  operator: {
    approver: { principal: 'operator', issuer: 'i', subject: 's' },
    roles: ['operator'],
    isMachine: false,
  },
  reason: null,
};
const TOOLS = Array.from({ length: 40 }, (_, index) =>
  tool(`tool_a${String.fromCharCode(97 + (index % 8))}_${'x'.repeat(index)}`),
);

let stage: Stage;
let server: ChangingServer;
let bus: Bus;
let replicas: readonly [Catalog, Catalog];

beforeAll(async () => {
  stage = await openStage();
  server = await startChangingServer(stage, { tools: TOOLS });
  const config = configSchema.parse({
    mode: 'development',
    policy_file: 'none',
    data_dir: join(stage.folder, 'data'),
    http: { port: 0 },
    upstreams: [changingUpstream('s', server)],
  });
  const logger = pino({ level: 'silent' });
  const transport = new InProcessTransport(() => undefined);
  bus = inProcessBus(transport);
  const modules = [LedgerModule.forRoot(await openEventStore(config))];
  const ledger = await startService({ config, logger, bus, transport, modules, readiness: {} });
  stage.defer(ledger.close);
  const replica = (): Catalog => {
    const catalog = new Catalog({
      config,
      bus,
      logger,
      open: (upstream) => openServer(upstream, () => ({}), logger),
    });
    catalog.start();
    stage.defer(() => catalog.close());
    return catalog;
  };
  replicas = [replica(), replica()];
});
afterAll(() => stage.close(), 30_000);

const events = async () =>
  (await bus.request(ledgerReadStream, { stream: 'catalog-s' })).events.map(({ entry }) => readEntry(entry));
/** What it lists itself. A tool is held as well where only the other replica has seen a change. */
const listedAt = (catalog: Catalog, name: string) => catalog.detail('s', { kind: 'tools', name }).digest;
const shown = async (catalog: Catalog) => [...(await catalog.entries('s', 'tools')).keys()];

it('two replicas that see a server for the first time at once pin its list once', async () => {
  for (const catalog of replicas) expect(await shown(catalog)).toHaveLength(TOOLS.length);
  const recorded = await events();
  expect(recorded.map(({ type }) => type)).toEqual(TOOLS.map(() => 'CatalogEntryPinned'));
});

it('a change that both see is recorded once, and an approval at one is seen by the other, which tells its clients', async () => {
  const [one, other] = replicas;
  const told: string[] = [];
  other.onChanged((kind, of) => told.push(`${of} ${kind}`));
  const before = (await events()).length;
  const name = String(TOOLS[0]?.['name']);
  const old = listedAt(one, name);
  server.set({ tools: [tool(name, { description: 'Changed.' }), ...TOOLS.slice(1)] });
  for (const catalog of replicas) {
    await waitUntil('the new list', () => listedAt(catalog, name) !== old);
    expect((await catalog.lookup('s', 'tools', name)).state).toBe('held');
  }
  await waitUntil('the record', async () => (await events()).length > before);
  const digest = listedAt(one, name);
  await one.approve('s', [{ kind: 'tools', name, digest: digest ?? 'sha256:' }], OPERATOR, BY);
  expect((await one.lookup('s', 'tools', name)).state).toBe('pinned');
  await waitUntil(
    'the other replica',
    async () => (await other.lookup('s', 'tools', name)).state === 'pinned',
  );
  // Once when it was hidden, once when it was shown again.
  expect(told).toEqual(['s tools', 's tools']);
  expect((await events()).slice(before).map(({ type }) => type)).toEqual([
    'CatalogEntryHeld',
    'CatalogEntryPinned',
  ]);
});

it('an approval at both replicas at once is recorded once', async () => {
  const before = (await events()).length;
  const name = String(TOOLS[1]?.['name']);
  const old = listedAt(replicas[0], name);
  server.set({ tools: [TOOLS[0] ?? {}, tool(name, { title: 'New' }), ...TOOLS.slice(2)] });
  for (const catalog of replicas) await waitUntil('the new list', () => listedAt(catalog, name) !== old);
  const digest = listedAt(replicas[0], name);
  const approvals = [{ kind: 'tools' as const, name, digest: digest ?? 'sha256:' }];
  await Promise.all(replicas.map((catalog) => catalog.approve('s', approvals, OPERATOR, BY)));
  const pinned = (await events()).slice(before).filter(({ type }) => type === 'CatalogEntryPinned');
  expect(pinned).toHaveLength(1);
});
