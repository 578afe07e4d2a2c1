import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PENDING_MAX } from '../../apps/policy/proposals.js';
import { type Agent, refusalOf } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicy, demoPolicyWith } from './support/policies.js';
import { approver, type Examiner, examiner, type Proposal, policyOwner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, DIST, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const CLI = join(DIST, 'apps', 'cli', 'main.js');
type Owner = Awaited<ReturnType<typeof policyOwner>>;

/** Updates need two managers; the tests in the file say so too. */
const STRICTER = demoPolicyWith(
  'by: [manager], count: 1, expires: 30m',
  'by: [manager], count: 2, expires: 30m',
).replaceAll('expect: approval 1 DE-1', 'expect: approval 2 DE-1');
const OTHER = demoPolicyWith('may never change anything', 'may not change anything');
const REASON = 'the audit asked for it';
const update = { customer_id: 'C-1003', fields: { notes: 'x' } };

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let engineer: Agent;
let one: Owner;
let two: Owner;

beforeAll(async () => {
  stage = await openStage();
  const bank = await startBank(stage);
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams: [bankUpstream(bank)] });
  ledger = await examiner(system);
  engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  one = await policyOwner(system, 'policy-owner-1');
  two = await policyOwner(system, 'policy-owner-2');
}, 60_000);
afterAll(async () => {
  await engineer.close();
  await stage.close();
});

const propose = async (policy: string, owner = one): Promise<Proposal> => {
  const { status, body } = await owner.propose(policy, REASON);
  expect({ status, code: body.code }).toEqual({ status: 201, code: undefined });
  return body;
};
/** The demonstration's policy again. */
const reset = async (): Promise<void> => {
  const { id, digest } = await propose(demoPolicy());
  expect((await two.approve(id, { digest })).body).toMatchObject({ active: true });
};
const activeDigest = async () => (await one.active()).body.digest;
const refusals = async () =>
  (await ledger.events()).filter(({ type }) => type === 'RequestRefused').map(({ data }) => data);
const typesOf = async (id: string) =>
  (await ledger.events()).filter(({ stream }) => stream === `proposal-${id}`).map(({ type }) => type);

describe('another policy', () => {
  it('holds after one owner has proposed and another one approved it, at once and for what waits already', async () => {
    const before = await activeDigest();
    const waiting = engineer.call('update_customer', update);
    const manager = await approver(system, 'manager-1');
    const held = await waitUntil('the held call', async () => (await manager.list('pending')).at(0));
    const { id, digest, policyDigest, diff } = await propose(STRICTER);
    expect(diff?.changes.map(({ at }) => at)).toContain('/rules/DE-1/approval/count');
    expect(diff?.access).toContainEqual(
      expect.objectContaining({ role: 'data-engineer', operation: 'customer.write' }),
    );
    expect(await activeDigest()).toBe(before);
    expect((await two.one(id)).body.policy).toBe(STRICTER);
    expect(await two.approve(id, { digest })).toMatchObject({
      status: 200,
      body: { status: 'approved', activated: true, active: true, votes: [{ approver: 'policy-owner-2' }] },
    });
    expect((await one.active()).body).toMatchObject({ digest: policyDigest, by: 'proposal', proposal: id });
    await manager.approve(held.id, { digest: held.digest });
    expect(refusalOf(await waiting)).toBe('approval_stale');
    const events = await ledger.events();
    expect(await typesOf(id)).toEqual(['PolicyProposed', 'PolicyProposalVoted', 'PolicyProposalApproved']);
    expect(events.findLast(({ type }) => type === 'PolicyActivated')).toMatchObject({
      stream: 'policy-active',
      data: { by: 'proposal', proposal: id, digest: policyDigest, replaces: before },
    });
    const report = await ledger.replay();
    expect(report).toMatchObject({ different: [] });
    expect(report.checked).toBeGreaterThan(0);
  });

  it('is what calls are decided by from then on', async () => {
    const waiting = engineer.call('update_customer', update);
    const manager = await approver(system, 'manager-1');
    const held = await waitUntil('the held call', async () => (await manager.list('pending')).at(0));
    expect(held.quorum).toMatchObject([{ by: ['manager'], count: 2 }]);
    await manager.deny(held.id, { digest: held.digest, reason: 'not today' });
    expect(refusalOf(await waiting)).toBe('approval_denied');
  });

  it('makes every other proposal stale: it was shown against a policy that is active no more', async () => {
    const stale = await propose(OTHER, two);
    const other = await propose(demoPolicy());
    expect((await two.approve(other.id, { digest: other.digest })).status).toBe(200);
    expect(await one.approve(stale.id, { digest: stale.digest })).toMatchObject({ status: 409 });
    await waitUntil(
      'its end on record',
      async () => (await typesOf(stale.id)).at(-1) === 'PolicyProposalSuperseded',
    );
    expect((await one.one(stale.id)).body).toMatchObject({ status: 'superseded', activated: false });
  });
});

describe('a proposal is refused, on record', () => {
  const expectRefused = async (act: () => Promise<{ status: number; body: Proposal }>, code: string) => {
    const before = (await refusals()).length;
    const { status, body } = await act();
    expect({ code: body.code, isRefused: status >= 400 }).toEqual({ code, isRefused: true });
    expect((await refusals()).slice(before)).toMatchObject([{ code, where: 'policy' }]);
  };

  it.each<[string, string, string | undefined, string]>([
    ['that is not a policy', 'policy: 2', REASON, 'policy_refused'],
    [
      'whose own tests fail',
      demoPolicyWith('expect: approval 2 DE-1', 'expect: approval 1 DE-1'),
      REASON,
      'policy_refused',
    ],
    ['of what is active already', demoPolicy(), REASON, 'policy_refused'],
    [
      'after which nobody could propose another one',
      demoPolicyWith('  policy-owner: { groups: [BANK-POLICY-OWNER] }\n', ''),
      REASON,
      'policy_refused',
    ],
    [
      'after which no group of people could',
      demoPolicyWith('policy-owner: { groups: [BANK-POLICY-OWNER] }', 'policy-owner: { groups: [] }'),
      REASON,
      'policy_refused',
    ],
    ['without a reason', STRICTER, undefined, 'reason_missing'],
    ['that is too large', `${STRICTER}${'#'.repeat(512 * 1024)}`, REASON, 'body_invalid'],
  ])('%s', async (_, policy, reason, code) => {
    if (code !== 'body_invalid') return expectRefused(() => one.propose(policy, reason), code);
    expect(await one.propose(policy, reason)).toMatchObject({ status: 400, body: { code } });
  });

  it('by somebody who owns no policies, who may not vote on one or read one either', async () => {
    const outsider = await policyOwner(system, 'manager-1');
    const { id, digest } = await propose(STRICTER);
    await expectRefused(() => outsider.propose(STRICTER, REASON), 'forbidden');
    await expectRefused(() => outsider.one(id), 'forbidden');
    await expectRefused(() => outsider.active(), 'forbidden');
    await expectRefused(() => outsider.approve(id, { digest }), 'approver_not_eligible');
    expect((await one.withdraw(id, { reason: 'a mistake' })).body).toMatchObject({ status: 'withdrawn' });
  });

  it('by its own proposer, without the digest shown, twice, and to anybody else who would take it back', async () => {
    const { id, digest } = await propose(STRICTER);
    await expectRefused(() => one.approve(id, { digest }), 'approver_is_requester');
    await expectRefused(() => two.approve(id, {}), 'digest_mismatch');
    await expectRefused(() => two.approve(id, { digest: `sha256:${'0'.repeat(64)}` }), 'digest_mismatch');
    await expectRefused(() => two.deny(id, { digest }), 'reason_missing');
    await expectRefused(() => two.withdraw(id, {}), 'forbidden');
    await expectRefused(() => two.approve('nothing', { digest }), 'proposal_unknown');
    expect((await two.deny(id, { digest, reason: 'too strict' })).body).toMatchObject({ status: 'denied' });
    await expectRefused(() => two.approve(id, { digest }), 'proposal_closed');
    expect((await one.list('?status=pending')).map(({ id: pending }) => pending)).not.toContain(id);
    expect(await typesOf(id)).toEqual(['PolicyProposed', 'PolicyProposalVoted', 'PolicyProposalDenied']);
  });
});

describe('a proposal as the file itself', () => {
  const post = async (path: string, headers: Readonly<Record<string, string>>, body: string) => {
    const authorization = `Bearer ${await system.issuer.token('policy-owner-1')}`;
    const url = `${system.urls.policy}/policy/${path}`;
    const answer = await fetch(url, { method: 'POST', headers: { authorization, ...headers }, body });
    return { status: answer.status, body: (await answer.json()) as Proposal };
  };

  it.each(['text/yaml', 'application/yaml; charset=utf-8'])('may come as %s', async (type) => {
    const headers = { 'content-type': type, 'countersign-reason': encodeURIComponent('Prüfung: 100 %') };
    const { status, body } = await post('proposals', headers, STRICTER);
    expect({ status, body }).toMatchObject({ status: 201, body: { reason: 'Prüfung: 100 %' } });
    expect((await two.one(body.id)).body.policy).toBe(STRICTER);
    await one.withdraw(body.id, {});
  });

  it('needs its reason, readable and not too long, and fits nowhere else', async () => {
    const yaml = { 'content-type': 'text/yaml' };
    const refused = (headers: object, path = 'proposals') => post(path, { ...yaml, ...headers }, STRICTER);
    expect(await refused({})).toMatchObject({ status: 400, body: { code: 'reason_missing' } });
    for (const reason of ['100 %', 'x'.repeat(2_001)])
      expect(await refused({ 'countersign-reason': reason })).toMatchObject({
        status: 400,
        body: { code: 'body_invalid' },
      });
    expect(await refused({}, 'proposals/some/approve')).toMatchObject({
      status: 415,
      body: { code: 'media_type_refused' },
    });
  });
});

describe('proposals that wait', () => {
  it(`are at most ${PENDING_MAX}, and end with the one that is approved`, async () => {
    const texts = Array.from({ length: PENDING_MAX }, (_, index) =>
      STRICTER.replace('demo-bank', `p-${index}`),
    );
    const made: Proposal[] = [];
    for (const text of texts) made.push(await propose(text));
    expect(await one.propose(OTHER, REASON)).toMatchObject({ status: 429, body: { code: 'proposals_full' } });
    const [first] = made;
    expect((await two.approve(first?.id ?? '', { digest: first?.digest ?? '' })).body).toMatchObject({
      active: true,
    });
    await waitUntil('the end of the others', async () => (await one.list('?status=pending')).length === 0);
    expect(await one.list('?status=superseded&limit=200')).toHaveLength(PENDING_MAX);
    await reset();
  }, 60_000);
});

describe('the command line', () => {
  const run = async (user: string, ...args: readonly string[]) => {
    const env = { ...process.env, COUNTERSIGN_TOKEN: await system.issuer.token(user) };
    return new Promise<{ code: number; out: string }>((resolve) => {
      const words = [CLI, 'policy', ...args, '--server', system.urls.policy];
      execFile(process.execPath, words, { env }, (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: out + err }),
      );
    });
  };

  it('compares a file with the active policy, proposes it, shows it to another owner, and activates it with their approval', async () => {
    const file = join(stage.folder, 'proposed.yaml');
    await writeFile(file, STRICTER);
    const difference = await run('policy-owner-1', 'diff', file);
    expect(difference).toMatchObject({ code: 1 });
    expect(difference.out).toContain('data-engineer, customer.write');
    const proposed = await run('policy-owner-1', 'propose', file, '--reason', REASON);
    expect(proposed).toMatchObject({ code: 0 });
    const [id = ''] = proposed.out.split(' ');
    const shown = await run('policy-owner-2', 'show', id);
    expect(shown.out).toContain('at /rules/DE-1/approval/count');
    const digest = /digest +(sha256:[0-9a-f]{64})/.exec(shown.out)?.[1] ?? '';
    const own = await run('policy-owner-1', 'approve', id, '--digest', digest);
    expect(own).toMatchObject({ code: 2, out: expect.stringContaining('[approver_is_requester]') });
    const approved = await run('policy-owner-2', 'approve', id, '--digest', digest, '--reason', 'read it');
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('approved, active') });
    expect((await run('policy-owner-1', 'active')).out).toContain(`by proposal ${id}`);
    expect((await run('policy-owner-1', 'proposals')).out).toContain('read it');
    expect(await run('policy-owner-1', 'diff', file)).toMatchObject({ code: 0 });
    await reset();
  });

  it('denies a proposal, with its reason, and takes one back for who made it, and for nobody else', async () => {
    const denied = await propose(STRICTER);
    const vote = [denied.id, '--digest', denied.digest];
    expect(await run('policy-owner-2', 'deny', ...vote)).toMatchObject({
      code: 2,
      out: expect.stringContaining('[reason_missing]'),
    });
    expect(await run('policy-owner-2', 'deny', ...vote, '--reason', 'not now')).toMatchObject({ code: 0 });
    const { id } = await propose(STRICTER);
    expect(await run('policy-owner-2', 'withdraw', id)).toMatchObject({ code: 2 });
    expect(await run('policy-owner-1', 'withdraw', id, '--reason', 'a slip')).toMatchObject({ code: 0 });
    const { out } = await run('policy-owner-1', 'proposals');
    expect(out).toMatch(new RegExp(`${denied.id} +denied`));
    expect(out).toContain('not now');
    expect(out).toMatch(new RegExp(`${id} +withdrawn`));
  });
});

describe('a restart', () => {
  const restart = async () => {
    const gateway = serviceOf(system, 'countersign');
    await gateway.stop();
    await gateway.start();
  };

  it('keeps what people have approved, and the proposals that wait', async () => {
    const { id, digest, policyDigest } = await propose(STRICTER);
    await two.approve(id, { digest });
    const open = await propose(OTHER);
    await restart();
    expect(await activeDigest()).toBe(policyDigest);
    expect((await two.approve(open.id, { digest: open.digest })).body).toMatchObject({ active: true });
  });

  it('activates a changed file in development mode, once, and says by what', async () => {
    await writeFile(system.policyFile, demoPolicyWith('name: demo-bank', 'name: changed-file'));
    await restart();
    await restart();
    const { body } = await one.active();
    expect(body).toMatchObject({ name: 'changed-file', by: 'file', proposal: null });
    const activated = (await ledger.events()).filter(
      ({ type, data }) => type === 'PolicyActivated' && data['digest'] === body.digest,
    );
    expect(activated).toHaveLength(1);
  });
});
