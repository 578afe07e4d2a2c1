import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { answer } from '#bus/answer.js';
import { BUS, type Bus } from '#bus/bus.js';
import { readReply } from '#bus/read-reply.js';
import { configSchema } from '#config/config.schema.js';
import { approvalFind, approvalRequest } from '#contracts/approval.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { REST_AUDIENCE } from '#http/rest-caller.js';
import { inProcessJobs } from '#jobs/in-process-jobs.js';
import { JOBS } from '#jobs/jobs.js';
import { ApprovalModule } from '../../apps/approval/approval.module.js';
import { ApprovalBus } from '../../apps/approval/bus/approval.bus.js';
import { Directory } from '../../apps/approval/directory.js';
import { FollowLog } from '../../apps/approval/follow-log.js';
import { ApprovalHttp } from '../../apps/approval/http/approval.http.js';
import { CHANNELS } from '../../apps/approval/notify/channel.js';
import { LedgerBus } from '../../apps/ledger/bus/ledger.bus.js';
import { Instances } from '../../apps/ledger/instances.js';
import { Ledger } from '../../apps/ledger/ledger.js';
import { waitUntil } from '../e2e/support/wait-until.js';
import { memoryEventStore } from './memory-event-store.js';
import { VOTERS } from './people.js';
import { PlainMasking } from './plain-masking.js';
import { handlersOf, wire } from './wire.js';

const FEW = 1_000;
const MANY = 10_000;
const SAMPLES = 51;
const SHOWN_BYTES = 16 * 1024;
const [voter] = VOTERS;
const DIGEST = `sha256:${'a'.repeat(64)}` as const;

const collectGarbage = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** The real service over the real ledger, in one process and without a network. */
const openApprovals = async () => {
  const store = memoryEventStore();
  const ledger = new LedgerBus(new Ledger(store), new Instances());
  const handlers = new Map(handlersOf(ledger, new PlainMasking()));
  const bus: Bus = {
    request: async (contract, request) =>
      readReply(
        contract,
        await answer(contract.subject, handlers.get(contract.subject) as never, request, () => undefined),
      ),
    close: async () => undefined,
  };
  const get = wire(
    ApprovalModule,
    new Map<unknown, unknown>([
      [BUS, bus],
      [CONFIG, configSchema.parse({ policy_file: 'p' })],
      [LOGGER, pino({ level: 'silent' })],
      [JOBS, inProcessJobs],
      [CHANNELS, []],
      [REST_AUDIENCE, () => 'https://gateway'],
    ]),
  );
  for (const [subject, handler] of handlersOf(get(ApprovalBus))) handlers.set(subject, handler);
  const log = get(FollowLog);
  log.onApplicationBootstrap();
  await waitUntil('the log has been read', () =>
    bus.request(approvalFind, { attachKey: 'none' }).catch(() => undefined),
  );
  return { bus, log, store, http: get(ApprovalHttp), directory: get(Directory) };
};

const request = (approvalId: string) => ({
  approvalId,
  callId: approvalId,
  digest: DIGEST,
  attachKey: approvalId,
  requester: {
    principal: 'ana',
    issuer: 'https://issuer',
    subject: 'ana',
    clientId: 'agent',
    agent: 'agent',
  },
  server: 'bank',
  tool: 'pay',
  toolDigest: DIGEST,
  policyDigest: DIGEST,
  profileDigest: null,
  requirements: [{ by: ['manager'], count: 2 }],
  distinct: true,
  requestedAt: new Date().toISOString(),
  rules: [{ id: 'P-1', says: 'Two managers approve payments.' }],
  expiresAt: '2099-01-01T00:00:00.000Z',
  shown: { sealed: Buffer.alloc(SHOWN_BYTES), commit: DIGEST, bytes: SHOWN_BYTES, kid: 'k' },
});

/** What a busy machine adds is left out: the quickest tenth. */
const timeOf = async (act: (at: number) => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let at = 0; at < SAMPLES; at++) {
    const from = performance.now();
    await act(at);
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[Math.trunc(SAMPLES / 10)] ?? 0;
};

describe(`${MANY} pending approvals`, async () => {
  const { bus, http, log, store, directory } = await openApprovals();
  afterAll(() => log.onApplicationShutdown());
  const ids: string[] = [];
  const ask = async (until: number): Promise<void> => {
    while (ids.length < until) {
      const id = randomUUID();
      ids.push(id);
      await bus.request(approvalRequest, request(id));
    }
  };
  /** Each vote on another one; the first share of them was voted on before. */
  const measure = async (from: number) => ({
    list_ms: await timeOf(() => http.list(voter as never, { status: 'pending', limit: 50 })),
    find_ms: await timeOf((at) => bus.request(approvalFind, { attachKey: ids[from + at] ?? '' })),
    vote_ms: await timeOf((at) =>
      http.approve(voter as never, ids[from + at] ?? '', { digest: DIGEST, reason: 'fine' }),
    ),
  });

  it('make votes and look-ups no slower, and lists no more than in proportion', async () => {
    await ask(FEW);
    const few = await measure(0);
    await ask(MANY);
    const many = await measure(FEW);
    console.log(`${FEW} pending: ${JSON.stringify(few)}; ${MANY}: ${JSON.stringify(many)}`);
    expect(directory.live()).toHaveLength(MANY);
    expect(directory.get(ids[FEW] ?? '')?.approval.votes).toHaveLength(1);
    // Ten times as many: what grows with them would be ten times as slow, and what is quadratic a hundred times.
    expect(many.vote_ms).toBeLessThan(few.vote_ms * 6);
    expect(many.find_ms).toBeLessThan(few.find_ms * 6 + 0.1);
    expect(many.list_ms).toBeLessThan(few.list_ms * 40);
  }, 120_000);

  it('take less memory each than one shows, whose sealed arguments stay in the ledger', async () => {
    const { events } = await store.readAll({ limit: 10_000, types: ['ApprovalRequested'] });
    const before = collectGarbage();
    const fresh = new Directory();
    for (const { stream, entry } of events)
      fresh.applyApproval(stream.slice('approval-'.length), readEntry(entry));
    const each = (collectGarbage() - before) / fresh.all().length;
    console.log(`${Math.round(each)} bytes for each of ${fresh.all().length} approvals`);
    expect(fresh.all()).toHaveLength(MANY);
    expect(each).toBeLessThan(SHOWN_BYTES / 2);
  }, 60_000);
});
