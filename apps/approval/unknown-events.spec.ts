import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import type { WireEvent } from '#contracts/ledger.js';
import { decideExpiry } from '#core/approval/decide-approval.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { APPROVAL_SERVICE, Approvals } from './approvals.js';
import { DelegationDirectory } from './delegation/delegation-directory.js';
import { Directory } from './directory.js';
import { EmergencyAlarms } from './emergency-alarms.js';
import type { Expiry } from './expiry.js';
import { FollowLog } from './follow-log.js';
import { Outbox } from './notify/outbox.js';
import { SendNotice } from './notify/send-notice.js';
import { SignedOut } from './page/signed-out.js';
import { ShownArguments } from './shown-arguments.js';

const EXPIRES = '2099-01-01T00:00:00.000Z';

/** A log in memory, as the bus shows it. */
const logOf = (...streams: readonly (readonly [string, readonly DomainEvent[]])[]) => {
  const unplaced = streams.flatMap(([stream, ofStream]) =>
    buildAppend(
      {
        stream,
        expected: -1,
        time: '2026-11-23T00:00:00.000Z',
        actor: APPROVAL_SERVICE,
        correlation: 'c',
        causation: 'c',
        newId: randomUUID,
      },
      ofStream.map((event) => ({ event })),
    ).events.map((event, revision): WireEvent => ({ ...event, stream, revision, position: '' })),
  );
  const events = unplaced.map((event, index) => ({ ...event, position: String(index + 1) }));
  const bus: Bus = {
    request: async (contract, request) => {
      const { stream, after } = request as { readonly stream?: string; readonly after?: string };
      const found =
        stream === undefined
          ? events.slice(Number(after ?? 0))
          : events.filter((one) => one.stream === stream);
      return contract.reply.parse({ events: found, scannedTo: String(events.length) });
    },
    close: async () => undefined,
  };
  return bus;
};

const event = (type: string, v: number, data: DomainEvent['data'] = {}): DomainEvent => ({ type, v, data });
const requested = event('ApprovalRequested', 1, { attachKey: 'k', callId: 'c', expiresAt: EXPIRES });

describe('an event of a newer release', () => {
  const bus = logOf(
    ['approval-a', [requested, event('ApprovalVoted', 9), event('ApprovalGranted', 1)]],
    ['call-a', [event('HoldEnded', 9, { why: 'granted' })]],
    [
      'approval-b',
      [{ ...requested, data: { ...requested.data, attachKey: 'l' } }, event('ApprovalGranted', 1)],
    ],
    ['call-b', [event('HoldEnded', 1, { approvalId: 'b', because: 'granted' })]],
  );

  it('neither stops the following of the log nor changes what is known of its approval', async () => {
    const directory = new Directory();
    const expiry = { rebuild: async () => undefined } as unknown as Expiry;
    const logger = pino({ enabled: false });
    const send = new SendNotice(bus, directory, new ShownArguments(bus), () => '', logger);
    const outbox = new Outbox([], send, directory, logger);
    const following = new FollowLog(
      bus,
      directory,
      new DelegationDirectory(),
      expiry,
      outbox,
      new EmergencyAlarms(bus, logger),
      new SignedOut(3_600),
      logger,
    );
    following.onApplicationBootstrap();
    await expect.poll(() => directory.get('b')?.approval.status).toBe('used');
    await following.onApplicationShutdown();
    expect(directory.get('a')).toMatchObject({
      revision: 0,
      callOpen: true,
      approval: { status: 'pending' },
    });
  });

  it('in an approval lets nothing be decided on it', async () => {
    const approvals = new Approvals(bus, new Directory());
    await expect(
      approvals.execute('a', APPROVAL_SERVICE, (state) => decideExpiry(state, '2100-01-01T00:00:00.000Z')),
    ).rejects.toMatchObject({ code: 'event_unknown' });
  });
});
