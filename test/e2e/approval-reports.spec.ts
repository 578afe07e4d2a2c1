import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionsReport } from '#core/approval/reports/decisions-report.js';
import type { DutiesReport } from '#core/approval/reports/duties-report.js';
import type { PendingReport } from '#core/approval/reports/pending-report.js';
import { bankUpstream, startBank } from './support/bank.js';
import { countersignAs } from './support/command.js';
import { clearIdentifiersIn, demoCustomer } from './support/personal-data.js';
import { demoPolicy } from './support/policies.js';
import { approver, examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

/** One call denied, one approved and run, one still waiting. */
const start = async () => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const upstreams = [bankUpstream(bank)];
  const system = await startPrivate(stage, {
    policy: demoPolicy(),
    upstreams,
    settings: { approvals: { hold_ms: 200 } },
  });
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  const manager = await approver(system, 'manager-1');
  const held = async (notes: string) => {
    await engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes } });
    return waitUntil('a pending approval', async () =>
      (await manager.list('pending')).find((each) =>
        JSON.stringify(each.arguments).includes(notes.split(' ')[0] ?? ''),
      ),
    );
  };
  const denied = await held(`wrong ${demoCustomer(0).ssn}`);
  await manager.deny(denied.id, { digest: denied.digest, reason: 'wrong branch' });
  const granted = await held('right');
  await manager.approve(granted.id, { digest: granted.digest });
  const pending = await held('waits');
  await engineer.close();
  const read = async (user: string, path: string, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${await system.issuer.token(user)}`;
    return fetch(`${system.urls.approval}/approvals/reports/${path}`, {
      headers: { authorization, ...headers },
    });
  };
  return { stage, system, read, pending };
};

describe('the reports of approvals', () => {
  let running: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    running = await start();
  }, 60_000);
  afterAll(() => running.stage.close(), 30_000);

  it('show what waits, how long decisions took and who decided for whom, and no argument', async () => {
    const { read, pending } = running;
    const json = async <Report>(path: string) => (await (await read('auditor', path)).json()) as Report;
    const waiting = await json<PendingReport>('pending');
    expect(waiting).toMatchObject({ total: 1, left_out: 0 });
    expect(waiting.items).toMatchObject([
      { id: pending.id, requester: 'data-engineer', server: 'core-banking', tool: 'update_customer' },
    ]);
    expect(waiting.ages[0]).toEqual({ under_s: 300, count: 1 });
    const decisions = await json<DecisionsReport>('decisions');
    expect(decisions.outcomes.map(({ outcome, count }) => [outcome, count])).toEqual([
      ['granted', 1],
      ['denied', 1],
    ]);
    expect(decisions.outcomes[0]?.max_ms).toBeGreaterThan(0);
    const duties = await json<DutiesReport>('duties');
    expect(duties.pairs).toMatchObject([
      {
        approver: { principal: 'manager-1' },
        requester: { principal: 'data-engineer' },
        ...{ approved: 1, denied: 1, self: false, mutual: false },
      },
    ]);
    expect(JSON.stringify([waiting, decisions, duties])).not.toMatch(/waits|wrong|right/);
    expect(clearIdentifiersIn(JSON.stringify([waiting, decisions, duties]))).toEqual([]);
  });

  it('are limited to the time asked for', async () => {
    const { read } = running;
    const past = '?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00%2B01:00';
    expect(await (await read('operator', `pending${past}`)).json()).toMatchObject({ total: 0 });
    expect(await (await read('operator', `decisions${past}`)).json()).toMatchObject({ outcomes: [] });
    expect(await (await read('operator', `duties${past}`)).json()).toMatchObject({ pairs: [] });
    expect((await read('operator', 'duties?from=yesterday')).status).toBe(400);
    expect((await read('operator', 'duties?limit=10001')).status).toBe(400);
  });

  it('come as CSV when asked for, with a last line that says they are whole', async () => {
    const { read, pending } = running;
    const answer = await read('examiner', 'pending', { accept: 'text/csv' });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const lines = (await answer.text()).split('\r\n');
    expect(lines[0]).toBe('id,requester,server,tool,requestedAt,expiresAt,age_s,votes');
    expect(lines[1]).toContain(`${pending.id},data-engineer,core-banking,update_customer,`);
    expect(lines.slice(2)).toEqual(['#end,1,0', '']);
    const duties = await (await read('examiner', 'duties?format=csv')).text();
    expect(duties).toContain(',1,1,false,false\r\n#end,1,0\r\n');
    expect(await (await read('examiner', 'decisions?format=csv')).text()).toContain(
      'core-banking,update_customer,denied,1,',
    );
  });

  it('are for examiners, auditors and operators only, and each look is on record, a refused one too', async () => {
    const { read, system } = running;
    const before = (await (await examiner(system)).events()).length;
    const statuses = await Promise.all(
      ['manager-1', 'data-engineer', 'no-role'].map(async (user) => (await read(user, 'duties')).status),
    );
    expect(statuses).toEqual([403, 403, 403]);
    expect((await read('auditor', 'pending?from=2026-01-01T00:00:00Z')).status).toBe(200);
    const recorded = (await (await examiner(system)).events())
      .slice(before)
      .filter(({ data }) => String(data['what']).startsWith('approvals-report-'));
    expect(recorded.map(({ type, data }) => [type, data['what']])).toEqual([
      ['LedgerReadRefused', 'approvals-report-duties'],
      ['LedgerReadRefused', 'approvals-report-duties'],
      ['LedgerReadRefused', 'approvals-report-duties'],
      ['LedgerRead', 'approvals-report-pending'],
    ]);
    expect(recorded.at(-1)?.data['query']).toEqual({
      from: '2026-01-01T00:00:00.000Z',
      format: 'json',
      limit: 1_000,
    });
  });

  it('are printed by the command line', async () => {
    const { system } = running;
    const report = (...words: string[]) =>
      countersignAs(system, 'auditor', ['approvals', 'report', ...words]);
    expect((await report('pending')).out).toMatch(/^1 pending at .*under 5 min: 1/);
    expect((await report('decisions')).out).toContain('core-banking/update_customer  denied   1');
    expect((await report('duties')).out).toMatch(/manager-1 +data-engineer +1 +1/);
    expect((await report('duties', '--csv')).out).toContain('#end,1,0');
    expect((await report('everything')).code).toBe(2);
  });
});
