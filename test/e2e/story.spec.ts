import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank } from '../../apps/standalone/demo.js';
import { assertEntriesFitSchemas } from '../schemas/entry-schemas.js';
import { type Agent, refusalOf, SDKS, type Sdk, textOf } from './support/agents.js';
import { startCluster } from './support/distributed.js';
import { clearIdentifiersBelow, clearIdentifiersIn, demoCustomer } from './support/personal-data.js';
import { demoPolicy } from './support/policies.js';
import { approver, type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateOptions, startDemo, startPrivate } from './support/standalone.js';
import { connect, outputOf, type System } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

type CoreBanking = Awaited<ReturnType<typeof createDemoBank>>['coreBanking'];
const SHAPES: readonly (readonly [string, (stage: Stage, options: PrivateOptions) => Promise<System>])[] = [
  ['standalone', startPrivate],
  ['distributed', startCluster],
];

/** The customer whose notes hold an account number and an SSN in free text. */
const customer = demoCustomer(0);

describe.each(SHAPES)('the story of the demonstration, %s', (_shape, start) => {
  let stage: Stage;
  let system: System;
  let bank: CoreBanking;
  let ledger: Examiner;

  beforeAll(async () => {
    stage = await openStage();
    const { coreBanking, upstreams } = await createDemoBank(join(stage.folder, 'demo'));
    stage.defer(coreBanking.close);
    bank = coreBanking;
    system = await start(stage, { policy: demoPolicy(), upstreams });
    ledger = await examiner(system);
  }, 90_000);
  afterAll(() => stage.close(), 30_000);

  describe.each(SDKS)('with the client of %s', (sdk: Sdk) => {
    const notes = `visited the branch, ${sdk}`;
    const update = { customer_id: customer.id, fields: { notes } };
    let analyst: Agent;
    let engineer: Agent;
    beforeAll(async () => {
      analyst = await connect(system, sdk, 'risk-analyst', 'core-banking');
      engineer = await connect(system, sdk, 'data-engineer', 'core-banking');
    });
    afterAll(async () => {
      await analyst.close();
      await engineer.close();
    });

    it('an analyst is not even shown the tools that write', async () => {
      expect(await analyst.tools()).toEqual(['query_customers', 'get_customer']);
      expect(await engineer.tools()).toEqual([
        'query_customers',
        'get_customer',
        'update_customer',
        'transfer_funds',
      ]);
    });

    it('a query comes back with every identifier masked, in text and in structured content', async () => {
      const result = await analyst.call('query_customers', { limit: 100 });
      expect(result.isError).toBeFalsy();
      const customers = result.structuredContent?.['customers'] as readonly Record<string, unknown>[];
      expect(customers).toHaveLength(100);
      expect(customers[0]).toMatchObject({
        id: customer.id,
        ssn: '[US_SSN]',
        email: '[EMAIL]',
        phone: '[PHONE]',
      });
      expect(textOf(result)).toContain('[US_SSN]');
      expect(clearIdentifiersIn(JSON.stringify(result.structuredContent))).toEqual([]);
      expect(clearIdentifiersIn(textOf(result))).toEqual([]);
      expect(clearIdentifiersIn(analyst.received())).toEqual([]);
    });

    it.each([
      ['a statement', 'statements', `${customer.id}-2026.txt`, '[BANK_ACCOUNT]'],
      ['a customer file', 'customer-files', `${customer.id}.json`, '[US_SSN]'],
      ['an export with remarks in free text', 'exports', 'customers.csv', '[US_SSN]'],
    ])('%s is masked as well, over the united endpoint', async (_title, folder, file, mask) => {
      const all = await connect(system, sdk, 'risk-analyst');
      const path = join(stage.folder, 'demo', 'documents', folder, file);
      const result = await all.call('documents__read_text_file', { path });
      expect(textOf(result)).toContain(mask);
      expect(clearIdentifiersIn(all.received())).toEqual([]);
      await all.close();
    });

    it('an update by the analyst is denied by a named rule, recorded, and never reaches the bank', async () => {
      const before = bank.stats().calls;
      const result = await analyst.call('update_customer', update);
      expect(result.isError).toBe(true);
      expect(refusalOf(result)).toBe('call_denied');
      expect(textOf(result)).toContain('RA-2');
      expect(bank.stats().calls).toBe(before);
      const [newest] = await ledger.calls();
      expect(newest).toMatchObject({
        principal: 'risk-analyst',
        tool: 'update_customer',
        decision: 'deny',
        rules: ['RA-2'],
        outcome: 'denied',
      });
    });

    it('an update by the engineer waits for a manager, refuses every wrong approval, and runs exactly once', async () => {
      const before = bank.stats().by_tool['update_customer'] ?? 0;
      const progress: string[] = [];
      const waiting = engineer.call('update_customer', update, {
        onProgress: ({ message }) => progress.push(message ?? ''),
      });
      const [manager, requester, analystVotes] = await Promise.all([
        approver(system, 'manager-1'),
        approver(system, 'data-engineer'),
        approver(system, 'risk-analyst'),
      ]);
      const held = await waitUntil('the approval', async () => (await manager.list('pending'))[0]);
      expect(held).toMatchObject({
        tool: 'update_customer',
        server: 'core-banking',
        arguments: { customer_id: customer.id },
      });
      expect(held.reasons.map(({ id }) => id)).toEqual(['DE-1']);
      await waitUntil('progress', () => progress.some((message) => message.includes(held.id)));

      const { id, digest } = held;
      expect(await requester.approve(id, { digest })).toMatchObject({
        status: 403,
        body: { code: 'approver_is_requester' },
      });
      expect(await analystVotes.approve(id, { digest })).toMatchObject({
        status: 404,
        body: { code: 'approval_unknown' },
      });
      expect(await manager.approve(id, { digest: `sha256:${'0'.repeat(64)}` })).toMatchObject({
        status: 409,
        body: { code: 'digest_mismatch' },
      });
      expect(await manager.approve(id, {})).toMatchObject({ status: 409, body: { code: 'digest_mismatch' } });
      expect(bank.stats().by_tool['update_customer'] ?? 0).toBe(before);

      expect(await manager.approve(id, { digest, reason: 'seen the customer' })).toMatchObject({
        status: 200,
      });
      const result = await waiting;
      expect(result.isError).toBeFalsy();
      expect(clearIdentifiersIn(engineer.received())).toEqual([]);
      expect(bank.stats().by_tool['update_customer']).toBe(before + 1);
      expect(bank.stats().log.at(-1)).toMatchObject({
        tool: 'update_customer',
        arguments: update,
        took_effect: true,
      });
      expect(await manager.approve(id, { digest })).toMatchObject({
        status: 409,
        body: { code: 'approval_closed' },
      });
    });

    it('the examiner reads who did what, who allowed it, and what was shown', async () => {
      const calls = (await ledger.calls()).filter(({ agent }) => agent === 'e2e-agent');
      const [updated, denied, , , , queried] = calls;
      const write = await ledger.transcript(updated?.id ?? '');
      expect(write).toMatchObject({
        caller: { principal: 'data-engineer' },
        request: { arguments: update },
        outcome: { type: 'CallCompleted' },
      });
      expect(write.approval?.events.map(({ type }) => type)).toEqual([
        'ApprovalRequested',
        'ApprovalVoted',
        'ApprovalGranted',
      ]);
      expect(write.approval?.events[1]?.data).toMatchObject({
        approver: { principal: 'manager-1' },
        vote: 'approve',
      });
      expect(write.events.map(({ type }) => type)).toEqual([
        'CallRequested',
        'CallDecided',
        'CallHeld',
        'CallDecided',
        'HoldEnded',
        'ForwardIntended',
        'CallReturned',
        'ResultMasked',
        'CallCompleted',
      ]);
      const refused = await ledger.transcript(denied?.id ?? '');
      expect(refused).toMatchObject({
        caller: { principal: 'risk-analyst' },
        outcome: { type: 'CallDenied', code: 'call_denied' },
      });
      const read = await ledger.transcript(queried?.id ?? '');
      expect(read).toMatchObject({ tool: 'query_customers', request: { arguments: { limit: 100 } } });
      expect(read.masking?.counts['US_SSN']).toBeGreaterThanOrEqual(200);
      expect(clearIdentifiersIn(JSON.stringify(read.response))).toEqual([]);
    });
  });

  it('replaying the whole history gives no difference', async () => {
    const report = await ledger.replay();
    expect(report.checked).toBeGreaterThanOrEqual(2 * 6);
    expect(report).toMatchObject({ identical: report.checked, different: [] });
  });

  it('every entry of the history fits the published schema of its type and version', async () => {
    const entries = await ledger.events();
    expect(entries.length).toBeGreaterThan(50);
    assertEntriesFitSchemas(entries);
  });

  it('no identifier of a customer stands in clear in stores, keys, configuration or logs', async () => {
    expect(await clearIdentifiersBelow(system.data)).toEqual([]);
    expect(clearIdentifiersIn(outputOf(system))).toEqual([]);
  });
});

describe('what "npm start" starts', () => {
  it('serves the synthetic bank masked, with a token of its own issuer', async () => {
    const stage = await openStage();
    try {
      const system = await startDemo(stage);
      const analyst = await connect(system, 'SDK v2', 'risk-analyst');
      // Servers that take long to start are listed once they have answered.
      const names = [
        'core-banking__query_customers',
        'documents__read_text_file',
        'warehouse__search_objects',
      ];
      await waitUntil(
        'all three servers',
        async () => {
          const tools = await analyst.tools();
          return names.every((name) => tools.includes(name));
        },
        20_000,
      );
      const result = await analyst.call('core-banking__query_customers', { limit: 10 });
      expect(textOf(result)).toContain('[US_SSN]');
      expect(clearIdentifiersIn(analyst.received())).toEqual([]);
      await analyst.close();
    } finally {
      await stage.close();
    }
  }, 60_000);
});
