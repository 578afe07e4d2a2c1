import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalOf, type ToolResult } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { startCluster } from './support/distributed.js';
import { demoPolicy, demoPolicyWith } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import type { PrivateSystem } from './support/standalone.js';
import { connect, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';
import { startWebhookReceiver, type WebhookReceiver } from './support/webhook-receiver.js';

let stage: Stage;
let system: PrivateSystem;
let bank: Awaited<ReturnType<typeof startBank>>;
let manager: Awaited<ReturnType<typeof approver>>;
let told: WebhookReceiver;
const SECRET = `whsec_${Buffer.from('the secret of the webhook').toString('base64')}`;

beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage);
  told = await startWebhookReceiver(stage, SECRET);
  const file = join(stage.folder, 'webhook-secret');
  await writeFile(file, SECRET);
  const webhooks = [{ name: 'all', url: told.url, secrets: [{ file }] }];
  system = await startCluster(stage, {
    policy: demoPolicy(),
    upstreams: [bankUpstream(bank)],
    settings: { approvals: { notify: { webhooks } } },
  });
  manager = await approver(system, 'manager-1');
}, 90_000);
afterAll(() => stage.close(), 30_000);

const update = (notes: string) => ({ customer_id: 'C-1003', fields: { notes } });
const reached = (notes: string) =>
  bank.stats().log.filter((call) => JSON.stringify(call.arguments).includes(notes)).length;
const restart = async (name: string): Promise<void> => {
  await serviceOf(system, name).kill();
  await serviceOf(system, name).start();
};
/** Sends the call and answers once its approval is waiting; a client that has given up is no failure here. */
const hold = async (
  notes: string,
): Promise<{ held: Approval; waiting: Promise<ToolResult | Error>; close: () => Promise<void> }> => {
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  const waiting = engineer.call('update_customer', update(notes)).catch((error: Error) => error);
  const isIt = ({ arguments: shown }: Approval) => JSON.stringify(shown).includes(notes);
  const held = await waitUntil('the approval', async () => (await manager.list('pending')).find(isIt));
  return { held, waiting, close: () => engineer.close() };
};

describe('a held call in the distributed shape', () => {
  it.each(['policy', 'masking', 'approval', 'ledger', 'nats', 'redis'])(
    'goes on waiting while %s is killed and comes back, and then runs once',
    async (name) => {
      const notes = `survives ${name}`;
      const { held, waiting, close } = await hold(notes);
      await restart(name);
      await waitUntil(
        'the approval is listed again',
        async () => (await manager.one(held.id).catch(() => undefined))?.status === 'pending',
      );
      expect(reached(notes)).toBe(0);
      expect((await manager.approve(held.id, { digest: held.digest })).status).toBe(200);
      const result = (await waiting) as ToolResult;
      expect(result).not.toBeInstanceOf(Error);
      expect(refusalOf(result)).toBeUndefined();
      expect(reached(notes)).toBe(1);
      await close();
    },
    60_000,
  );

  it('is attached to by the repeated call after the ingress was killed, and runs once', async () => {
    const notes = 'survives ingress';
    const { held, close } = await hold(notes);
    await restart('ingress');
    await manager.approve(held.id, { digest: held.digest });
    const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    const result = await engineer.call('update_customer', update(notes));
    expect(refusalOf(result)).toBeUndefined();
    expect(reached(notes)).toBe(1);
    await Promise.all([close(), engineer.close()]);
  }, 60_000);

  it('whose policy changes before it is approved is refused as stale and never forwarded', async () => {
    const notes = 'policy changes';
    const { held, waiting, close } = await hold(notes);
    await writeFile(system.policyFile, demoPolicyWith('count: 1, expires: 30m', 'count: 1, expires: 29m'));
    await restart('policy');
    expect((await manager.approve(held.id, { digest: held.digest })).status).toBe(200);
    expect(refusalOf((await waiting) as ToolResult)).toBe('approval_stale');
    expect(reached(notes)).toBe(0);
    const { outcome } = await (await examiner(system)).transcript(held.callId);
    expect(outcome).toMatchObject({ type: 'CallDenied', code: 'approval_stale' });
    await close();
  }, 60_000);

  it('is told of to its end, whatever was killed meanwhile', async () => {
    const ids = (await manager.list()).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(7);
    await waitUntil(
      'the end of each',
      () =>
        ids.every(
          (id) => told.received.findLast(({ data }) => data.approval.id === id)?.type === 'approval.resolved',
        ),
      40_000,
    );
  }, 60_000);

  it('and all that history replays without a difference', async () => {
    const { checked, different } = await (await examiner(system)).replay();
    expect(checked).toBeGreaterThan(7);
    expect(different).toEqual([]);
  });
});
