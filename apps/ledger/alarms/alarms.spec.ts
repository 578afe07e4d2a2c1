import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { ledgerAlarmsTotal } from '#telemetry/metrics.js';
import { type History, openHistory } from '../history.fixture.js';
import { Ledger } from '../ledger.js';
import { Alarms } from './alarms.js';

const logger = pino({ level: 'silent' });
const FOUND = {
  kind: 'store_scavenged',
  detail: 'a scavenge ran on the event store',
  about: { stream: '$scavenges', revision: 3 },
} as const;

let history: History;
beforeEach(async () => {
  ledgerAlarmsTotal.reset();
  history = await openHistory();
});
afterEach(() => history.close());

const recorded = async () => {
  const { events } = await history.store.readAll({ limit: 100, types: ['AlarmRaised'] });
  return events.map((event) => readEntry(event.entry));
};

describe('an alarm', () => {
  it('is on record, in the metrics and in the log', async () => {
    const alarms = new Alarms(new Ledger(history.store), logger);
    const error = vi.spyOn(logger, 'error');
    await alarms.raiseAlarm(FOUND);
    expect(await recorded()).toMatchObject([{ type: 'AlarmRaised', v: 1, data: FOUND }]);
    expect((await ledgerAlarmsTotal.get()).values).toMatchObject([
      { labels: { kind: 'store_scavenged' }, value: 1 },
    ]);
    expect(error).toHaveBeenCalledOnce();
  });

  it('is recorded once, by however many replicas and however often it is found', async () => {
    const ledger = new Ledger(history.store);
    const replicas = [new Alarms(ledger, logger), new Alarms(ledger, logger)];
    for (const alarms of [...replicas, ...replicas]) await alarms.raiseAlarm(FOUND);
    expect(await recorded()).toHaveLength(1);
    await replicas[0]?.raiseAlarm({ ...FOUND, about: { ...FOUND.about, revision: 4 } });
    expect(await recorded()).toHaveLength(2);
  });

  it('that cannot be recorded is recorded when there is room again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const ledger = new Ledger(history.store);
    const alarms = new Alarms(ledger, logger);
    vi.spyOn(ledger, 'append').mockRejectedValueOnce(new CountersignError('ledger_full'));
    await alarms.raiseAlarm(FOUND);
    expect(alarms.isBehind).toBe(true);
    await vi.advanceTimersByTimeAsync(5_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(alarms.isBehind).toBe(false), 30_000);
    expect(await recorded()).toHaveLength(1);
  });
});
