import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../history.fixture.js';
import { Instances } from '../instances.js';
import { Ledger } from '../ledger.js';
import { LedgerBus } from './ledger.bus.js';

let history: History;
let bus: LedgerBus;
beforeAll(async () => {
  history = await openHistory();
  bus = new LedgerBus(new Ledger(history.store), new Instances());
  await history.record('call-a', -1, { type: 'CallRequested', sealed: { arguments: {} } });
});
afterAll(() => history.close());

describe('a stream on the bus', () => {
  it('comes with what travels beside its entries, or without it on demand, and is the same otherwise', async () => {
    const { events: whole } = await bus.readStream({ stream: 'call-a' });
    const { events: bare } = await bus.readStream({ stream: 'call-a', attachments: false });
    expect(whole[0]?.attachment).toBeInstanceOf(Uint8Array);
    expect(bare).toEqual(whole.map(({ attachment: _, ...event }) => event));
    expect(bare[0]).not.toHaveProperty('attachment');
  });

  it('comes with what travels beside entries of some types alone', async () => {
    const ofType = async (type: string) =>
      (await bus.readStream({ stream: 'call-a', attachmentsOf: [type] })).events[0];
    expect(await ofType('CallRequested')).toHaveProperty('attachment');
    expect(await ofType('CallReturned')).not.toHaveProperty('attachment');
  });
});
