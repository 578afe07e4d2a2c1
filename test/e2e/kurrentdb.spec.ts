import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeKurrentDb } from '../fake-kurrentdb/fake-kurrentdb.js';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicy } from './support/policies.js';
import { approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

/** A real server when its address is given, else the one built from the client's protocol files. */
const REAL = process.env['EVENT_STORE_URL'];

describe(`the gateway on ${REAL === undefined ? 'a KurrentDB protocol server' : 'the KurrentDB of EVENT_STORE_URL'}`, () => {
  let stage: Stage;
  let system: PrivateSystem;

  beforeAll(async () => {
    stage = await openStage();
    const bank = await startBank(stage);
    let url = REAL;
    if (url === undefined) {
      const server = await startFakeKurrentDb();
      stage.defer(server.dispose);
      url = server.url;
    }
    system = await startPrivate(stage, {
      policy: demoPolicy(),
      upstreams: [bankUpstream(bank)],
      settings: { event_store: { url } },
    });
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  it('records, holds, approves, lists and replays as it does on the embedded store', async () => {
    const analyst = await connect(system, 'SDK v1', 'risk-analyst', 'core-banking');
    const read = await analyst.call('get_customer', { customer_id: 'C-1001' });
    expect(JSON.stringify(read)).toContain('[US_SSN]');
    const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    const waiting = engineer.call('update_customer', {
      customer_id: 'C-1003',
      fields: { notes: 'on KurrentDB' },
    });
    const manager = await approver(system, 'manager-1');
    const held = await waitUntil('a pending approval', async () => (await manager.list('pending'))[0]);
    await manager.approve(held.id, { digest: held.digest });
    expect((await waiting).isError ?? false).toBe(false);
    const reader = await examiner(system);
    expect((await reader.transcript(held.callId)).events.map(({ type }) => type)).toEqual([
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
    expect(await reader.replay()).toMatchObject({ different: [] });
    await Promise.all([analyst.close(), engineer.close()]);
  }, 60_000);
});
