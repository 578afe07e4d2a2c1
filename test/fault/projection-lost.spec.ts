import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bankUpstream, startBank } from '../e2e/support/bank.js';
import { DIRECT_WRITES } from '../e2e/support/policies.js';
import { rawPost, toolCall } from '../e2e/support/raw.js';
import { examiner } from '../e2e/support/rest.js';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { startPrivate } from '../e2e/support/standalone.js';
import { type System, serviceOf } from '../e2e/support/system.js';
import { waitUntil } from '../e2e/support/wait-until.js';

const CALLS = 6;
/** Promise G4. */
const CLOSED_MS_MAX = 60_000;

let stage: Stage;
let system: System;
let bank: Awaited<ReturnType<typeof startBank>>;

beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage, { faults: [{ tool: 'update_customer', answer_delay_ms: 60_000 }] });
  const upstreams = [bankUpstream(bank, { timeout_ms: 120_000 })];
  system = await startPrivate(stage, { policy: DIRECT_WRITES, upstreams });
}, 60_000);
afterAll(() => stage.close(), 30_000);

it('calls that were under way at a kill -9 are closed within 30 s, also when the read model is lost with it', async () => {
  const authorization = `Bearer ${await system.issuer.token('data-engineer')}`;
  const url = `${system.urls.ingress}/mcp/core-banking`;
  const before = bank.stats().calls;
  for (let n = 0; n < CALLS; n++) {
    const call = toolCall('update_customer', { customer_id: 'C-1001', fields: { notes: `lost-${n}` } });
    void rawPost(url, call, { authorization }).catch(() => undefined);
  }
  await waitUntil('the upstream has them all', () => bank.stats().calls >= before + CALLS);
  const countersign = serviceOf(system, 'countersign');
  await countersign.kill();
  const models = (await readdir(system.data)).filter((name) => name.startsWith('projection.db'));
  expect(models).not.toEqual([]);
  for (const name of models) await rm(join(system.data, name));
  await countersign.start();

  const ledger = await examiner(system);
  const unknown = await waitUntil(
    'every call has its end',
    async () => {
      const closed = (await ledger.events()).filter(({ type }) => type === 'CallOutcomeUnknown');
      return closed.length >= CALLS ? closed : undefined;
    },
    CLOSED_MS_MAX,
  );
  expect(unknown).toHaveLength(CALLS);
  expect((await ledger.calls()).map(({ outcome }) => outcome)).toEqual(Array(CALLS).fill('unknown'));
  expect(bank.stats().calls).toBe(before + CALLS);
}, 90_000);
