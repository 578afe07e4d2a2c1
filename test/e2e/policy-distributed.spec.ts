import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Agent, refusalOf } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { startCluster } from './support/distributed.js';
import { demoPolicy, demoPolicyWith } from './support/policies.js';
import { policyOwner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import type { PrivateSystem } from './support/standalone.js';
import { connect, serviceOf } from './support/system.js';

const CLOSED = demoPolicyWith(
  'allow: [customer.read, customer.write, funds.transfer, warehouse.sql]',
  'allow: [warehouse.sql]',
)
  .split('\n')
  .filter((line) => !/as: data-engineer, call: core-banking/.test(line))
  .join('\n');

let stage: Stage;
let system: PrivateSystem;
let engineer: Agent;

beforeAll(async () => {
  stage = await openStage();
  const bank = await startBank(stage);
  system = await startCluster(stage, { policy: demoPolicy(), upstreams: [bankUpstream(bank)] });
  engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
}, 90_000);
afterAll(async () => {
  await engineer.close();
  await stage.close();
});

it('services in processes of their own decide by an approved policy, at once and after a restart of the policy service', async () => {
  const one = await policyOwner(system, 'policy-owner-1');
  const two = await policyOwner(system, 'policy-owner-2');
  const read = async () => refusalOf(await engineer.call('query_customers', { limit: 1 }));
  expect((await one.active()).body).toMatchObject({ by: 'file' });
  const proposed = await one.propose(CLOSED, 'nobody reads customers');
  expect(proposed).toMatchObject({ status: 201 });
  const { id, digest, policyDigest } = proposed.body;
  expect(await two.approve(id, {})).toMatchObject({ status: 409, body: { code: 'digest_mismatch' } });
  expect((await two.approve(id, { digest })).body).toMatchObject({ active: true });
  expect(await read()).toBe('call_denied');
  const policy = serviceOf(system, 'policy');
  await policy.kill();
  await policy.start();
  expect((await one.active()).body).toMatchObject({ digest: policyDigest, proposal: id });
  expect(await read()).toBe('call_denied');
});
