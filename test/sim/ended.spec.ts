import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { answer } from '#bus/answer.js';
import { BUS, type Bus } from '#bus/bus.js';
import { readReply } from '#bus/read-reply.js';
import { configSchema } from '#config/config.schema.js';
import { approvalAwait, approvalFind } from '#contracts/approval.js';
import { ledgerReadAll, ledgerReadStream } from '#contracts/ledger.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { REST_AUDIENCE } from '#http/rest-caller.js';
import { inProcessJobs } from '#jobs/in-process-jobs.js';
import { JOBS } from '#jobs/jobs.js';
import { ApprovalModule } from '../../apps/approval/approval.module.js';
import { ApprovalBus } from '../../apps/approval/bus/approval.bus.js';
import { Directory } from '../../apps/approval/directory.js';
import { FollowLog } from '../../apps/approval/follow-log.js';
import { ApprovalHttp } from '../../apps/approval/http/approval.http.js';
import { ReportedApprovals } from '../../apps/approval/http/reported-approvals.js';
import { CHANNELS } from '../../apps/approval/notify/channel.js';
import { ApprovalsBus } from '../../apps/ledger/bus/approvals.bus.js';
import { LedgerBus } from '../../apps/ledger/bus/ledger.bus.js';
import { Instances } from '../../apps/ledger/instances.js';
import { Ledger } from '../../apps/ledger/ledger.js';
import { Projection } from '../../apps/ledger/projection/projection.js';
import { waitUntil } from '../e2e/support/wait-until.js';
import { memoryEventStore } from './memory-event-store.js';
import { VOTERS } from './people.js';
import { PlainMasking } from './plain-masking.js';
import { handlersOf, wire } from './wire.js';

const MANY = 10_000;
const KEPT = 500;
const OLD = '2026-01-05T12:00:00.000Z';
const NEVER = '2099-01-01T00:00:00.000Z';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const [voter] = VOTERS;
const LEDGER = { kind: 'service', service: 'ledger', instance: 'test' } as const;
const PLACE = 'place-of-the-id';

const collectGarbage = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const REQUEST = {
  callId: PLACE,
  digest: DIGEST,
  attachKey: PLACE,
  requester: { principal: 'ana', issuer: 'https://issuer', subject: 'ana', client: 'agent', agent: 'agent' },
  ...{ server: 'bank', tool: 'pay', toolDigest: DIGEST, policyDigest: DIGEST, profileDigest: null },
  requirements: [{ by: ['manager'], count: 1 }],
  rules: [{ id: 'P-1', says: 'A manager approves payments.' }],
  expiresAt: NEVER,
};
const person = { principal: 'meg', issuer: 'https://issuer', subject: 'meg' };
const asked = {
  type: 'ApprovalRequested',
  v: 1,
  data: REQUEST,
  payload: { commit: DIGEST, bytes: 2, kid: 'k' },
};
const voted = { vote: 'approve', approver: person, roles: ['manager'], digest: DIGEST, reason: '' };
const GRANTED = [
  asked,
  { type: 'ApprovalVoted', v: 1, data: voted },
  { type: 'ApprovalGranted', v: 1, data: { digest: DIGEST } },
];
const held = { approvalId: PLACE, expiresAt: NEVER };
const caller = { principal: 'ana', client: 'agent' };
const CALL = { type: 'CallRequested', v: 1, data: { caller, agent: null, server: 'bank', tool: 'pay' } };
const HELD = { type: 'CallHeld', v: 1, data: held };
const USED = { type: 'HoldEnded', v: 1, data: { approvalId: PLACE, because: 'granted' } };

/** Entries as the ledger has them; written once, and copied with other ids. */
const templateOf = (prefix: string, events: readonly object[], time: string) =>
  buildAppend(
    {
      ...{ stream: `${prefix}${PLACE}`, expected: -1, time, actor: LEDGER },
      ...{ correlation: PLACE, causation: PLACE, newId: () => PLACE },
    },
    events.map((event) => ({ event: event as never })),
  ).events.map(({ type, entry }) => ({ type, text: Buffer.from(entry).toString('utf8') }));

describe(`${MANY} approvals that have ended`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-ended-'));
  const store = memoryEventStore();
  const projection = new Projection(store, join(folder, 'projection.db'));
  const stops: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const stop of stops) await stop();
    await projection.close();
    await rm(folder, { recursive: true });
  });

  const write = async (id: string, prefix: string, events: readonly object[], time = OLD): Promise<void> => {
    const toAppend = templateOf(prefix, events, time).map(({ type, text }, at) => ({
      id: `${prefix}${id}-${at}`,
      type,
      entry: Buffer.from(text.replaceAll(PLACE, id)),
    }));
    await store.append(`${prefix}${id}`, -1, toAppend);
  };

  /** A start of the real service over the real ledger. */
  const start = async () => {
    const counts = { pages: 0, streams: 0 };
    const edges = [new LedgerBus(new Ledger(store), new Instances()), new ApprovalsBus(projection)];
    const handlers = new Map(handlersOf(...edges, new PlainMasking()));
    const bus: Bus = {
      request: async (contract, request) => {
        if (contract.subject === ledgerReadAll.subject) counts.pages++;
        if (contract.subject === ledgerReadStream.subject) counts.streams++;
        const handler = handlers.get(contract.subject) as never;
        return readReply(contract, await answer(contract.subject, handler, request, () => undefined));
      },
      close: async () => undefined,
    };
    const approvals = { keep_ended_max: KEPT };
    const get = wire(
      ApprovalModule,
      new Map<unknown, unknown>([
        [BUS, bus],
        [CONFIG, configSchema.parse({ policy_file: 'p', approvals })],
        [LOGGER, pino({ level: 'silent' })],
        [JOBS, inProcessJobs],
        [CHANNELS, []],
        [REST_AUDIENCE, () => 'https://gateway'],
      ]),
    );
    for (const [subject, handler] of handlersOf(get(ApprovalBus))) handlers.set(subject, handler);
    const log = get(FollowLog);
    const from = performance.now();
    log.onApplicationBootstrap();
    await waitUntil('the log has been read', () =>
      bus.request(approvalFind, { attachKey: 'none' }).catch(() => undefined),
    );
    stops.push(() => log.onApplicationShutdown());
    const took_ms = performance.now() - from;
    return {
      bus,
      log,
      counts,
      took_ms,
      directory: get(Directory),
      http: get(ApprovalHttp),
      reported: get(ReportedApprovals),
    };
  };

  it('leave memory, stay within reach by their ids, and are counted by reports; a start passes them over', async () => {
    await write('older', 'approval-', [asked]);
    await write('older', 'call-', [CALL, HELD]);
    await write('unasked', 'call-', [CALL, HELD]);
    const approvals = templateOf('approval-', GRANTED, OLD);
    const calls = templateOf('call-', [HELD, USED], OLD);
    const before = collectGarbage();
    const copy = (id: string, of: typeof calls) =>
      of.map(({ type, text }, at) => ({
        id: `${id}-${at}`,
        type,
        entry: Buffer.from(text.replaceAll(PLACE, id)),
      }));
    for (let at = 0; at < MANY; at++) {
      await store.append(`approval-e${at}`, -1, copy(`e${at}`, approvals));
      await store.append(`call-e${at}`, -1, copy(`e${at}`, calls));
    }
    const stored = collectGarbage() - before;
    const first = await start();
    const kept = collectGarbage() - before - stored;
    console.log(
      `${MANY} ended: start ${Math.round(first.took_ms)} ms, ${Math.round(kept / 1024)} KiB more than the log`,
    );
    expect(first.directory.all()).toHaveLength(KEPT + 1);
    expect(first.directory.get('e0')).toBeUndefined();
    expect(await first.http.one(voter as never, 'e0')).toMatchObject({ id: 'e0', status: 'used' });
    expect(await first.bus.request(approvalAwait, { approvalId: 'e1', wait_ms: 0 })).toMatchObject({
      status: 'used',
    });
    expect(first.directory.all()).toHaveLength(KEPT + 1);
    const decided = await waitUntil('the read model is built', () =>
      first.reported.within('decided', {}).catch(() => undefined),
    );
    expect(decided).toHaveLength(MANY);
    expect(await first.reported.within('requested', {})).toHaveLength(MANY + 1);

    const second = await start();
    console.log(`second start ${Math.round(second.took_ms)} ms, reads: ${JSON.stringify(second.counts)}`);
    expect(second.directory.get('older')).toMatchObject({ callOpen: true, approval: { status: 'pending' } });
    expect(second.directory.unasked().has('unasked')).toBe(true);
    expect(second.directory.get('e0')).toBeUndefined();
    expect(second.counts.pages).toBeLessThan(first.counts.pages / 10);
  }, 120_000);
});
