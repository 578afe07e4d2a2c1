import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import type { WireEvent } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { APPROVAL_SERVICE } from './approvals.js';
import { EmergencyAlarms } from './emergency-alarms.js';

const logger = pino({ enabled: false });

const wire = (stream: string, event: DomainEvent): WireEvent => {
  const [built] = buildAppend(
    {
      stream,
      expected: -1,
      time: '2026-11-23T00:00:00.000Z',
      actor: APPROVAL_SERVICE,
      correlation: 'c',
      causation: 'c',
      newId: randomUUID,
    },
    [{ event }],
  ).events;
  if (built === undefined) throw new Error('nothing was built');
  return { ...built, stream, revision: 0, position: '1' };
};
const broken = wire('approval-a', {
  type: 'ApprovalGranted',
  v: 1,
  data: { digest: 'sha256:', how: 'break-glass' },
});
const granted = wire('approval-b', { type: 'ApprovalGranted', v: 1, data: { digest: 'sha256:' } });
const overdue = wire('approval-a', {
  type: 'ReviewOverdue',
  v: 1,
  data: { dueAt: '2026-11-24T00:00:00.000Z' },
});

/** A ledger that creates a stream once, and is away for the first so many appends. */
const ledger = (away = 0) => {
  const streams: string[] = [];
  let left = away;
  let requests = 0;
  const bus: Bus = {
    request: async (contract, request) => {
      requests++;
      if (left-- > 0) throw new CountersignError('ledger_unavailable');
      const { stream } = request as AppendCommand;
      if (streams.includes(stream)) throw new CountersignError('revision_conflict');
      streams.push(stream);
      return contract.reply.parse({ stream, revision: 0, position: '1' });
    },
    close: async () => undefined,
  };
  return { bus, streams, asked: () => requests };
};

describe('the alarms of an emergency', () => {
  it('are raised for each broken glass and overdue review, and for no other grant', async () => {
    const { bus, streams } = ledger();
    const alarms = new EmergencyAlarms(bus, logger);
    alarms.start();
    for (const event of [broken, granted, overdue]) alarms.observe(event);
    await expect.poll(() => streams).toHaveLength(2);
    await alarms.onApplicationShutdown();
  });

  it('that a crash kept from the record are raised at the next start, and those on record are not raised again', async () => {
    const { bus, streams } = ledger();
    const first = new EmergencyAlarms(bus, logger);
    first.observe(broken);
    await first.onApplicationShutdown();
    expect(streams).toEqual([]);
    const second = new EmergencyAlarms(bus, logger);
    second.observe(broken);
    second.start();
    await expect.poll(() => streams).toHaveLength(1);
    await second.onApplicationShutdown();
    const after = ledger();
    const third = new EmergencyAlarms(after.bus, logger);
    third.observe(broken);
    third.observe(wire(streams[0] ?? '', { type: 'AlarmRaised', v: 1, data: {} }));
    third.start();
    third.observe(overdue);
    await expect.poll(() => after.streams).toHaveLength(1);
    await third.onApplicationShutdown();
    expect(after.streams).not.toEqual(streams);
  });

  it('are raised once by several replicas', async () => {
    const { bus, streams, asked } = ledger();
    const replicas = [new EmergencyAlarms(bus, logger), new EmergencyAlarms(bus, logger)];
    for (const alarms of replicas) {
      alarms.observe(broken);
      alarms.start();
    }
    await expect.poll(() => asked()).toBe(2);
    await Promise.all(replicas.map((alarms) => alarms.onApplicationShutdown()));
    expect(streams).toHaveLength(1);
  });

  it('are recorded as soon as the ledger is there again', async () => {
    const { bus, streams } = ledger(1);
    const alarms = new EmergencyAlarms(bus, logger);
    alarms.observe(broken);
    alarms.start();
    await expect.poll(() => streams).toHaveLength(1);
    await alarms.onApplicationShutdown();
  }, 15_000);
});
