import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from '../support/bank.js';
import { startCluster } from '../support/distributed.js';
import { demoPolicy } from '../support/policies.js';
import { openStage, type Stage } from '../support/stage.js';
import type { PrivateSystem } from '../support/standalone.js';
import { serviceOf } from '../support/system.js';
import { legacyClient } from './eras.fixture.js';

let stage: Stage;
let system: PrivateSystem;
beforeAll(async () => {
  stage = await openStage();
  const bank = await startBank(stage);
  system = await startCluster(stage, { policy: demoPolicy(), upstreams: [bankUpstream(bank)] });
}, 90_000);
afterAll(() => stage.close(), 30_000);

describe('a legacy session at an ingress that never heard of it', () => {
  it('goes on, unless its client has ended it', async () => {
    const kept = await legacyClient(system, 'risk-analyst', 'mcp/core-banking');
    const ended = await legacyClient(system, 'risk-analyst', 'mcp/core-banking');
    expect((await ended.end()).status).toBe(204);
    // The process that comes up has nothing but the shared secret and the log.
    await serviceOf(system, 'ingress').kill();
    await serviceOf(system, 'ingress').start();
    expect((await kept.call('ping')).result).toEqual({});
    const { status, error } = await ended.call('ping');
    expect([status, error?.data?.code]).toEqual([404, 'session_unknown']);
  }, 60_000);
});
