import { type ChildProcess, spawn } from 'node:child_process';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalStream } from '#core/approval/approval.events.js';
import { bullmqJobs } from '#jobs/bullmq-jobs.js';
import type { JobsFactory } from '../../apps/approval/expiry.js';
import { freePort } from '../e2e/support/free-port.js';
import { pause, waitUntil } from '../e2e/support/wait-until.js';
import {
  DENIED,
  happen,
  openLedger,
  type Replica,
  request,
  startReplica,
  type TestLedger,
  voted,
} from '../notify/replica.fixture.js';

const PENDING = 1_000;
const QUEUE = 'timers';
/** The rest is room for a busy machine. */
const THERE_AGAIN_MS = 30_000;

let redis: ChildProcess | undefined;
let port: number;
let ledger: TestLedger;
let replicas: Replica[];
let client: Redis;
let queue: Queue;

const startRedis = async (): Promise<void> => {
  const started = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  redis = started;
  await new Promise<void>((resolve, reject) => {
    started.once('error', reject);
    started.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve();
    });
  });
};
const killRedis = async (): Promise<void> => {
  const ended = new Promise((resolve) => redis?.once('exit', resolve));
  redis?.kill('SIGKILL');
  await ended;
};

beforeAll(async () => {
  port = await freePort();
  await startRedis();
  ledger = await openLedger();
  const redis_url = `redis://127.0.0.1:${port}`;
  const jobs: JobsFactory = (handler, onError) => bullmqJobs({ redis_url, queue: QUEUE }, handler, onError);
  replicas = [await startReplica(ledger.bus, [], jobs), await startReplica(ledger.bus, [], jobs)];
  client = new Redis(redis_url, { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  queue = new Queue(QUEUE, { connection: client });
  queue.on('error', () => undefined);
});
afterAll(async () => {
  for (const replica of replicas) await replica.stop();
  await queue.close();
  client.disconnect();
  await killRedis();
  await ledger.close();
});

const replica = (index: number): Replica => replicas[index % replicas.length] as Replica;
const expiringIn = (wait_ms: number) => ({ expiresAt: new Date(Date.now() + wait_ms).toISOString() });
const timers = async (): Promise<number> =>
  (await queue.getJobCounts('delayed', 'waiting', 'active'))['delayed'] ?? 0;

/** Ends of an approval, each with the time on its entry. */
const endsOf = async (approvalId: string) =>
  (await ledger.read(approvalStream(approvalId)))
    .filter(
      ({ type }) => type === 'ApprovalExpired' || type === 'ApprovalDenied' || type === 'ApprovalGranted',
    )
    .map(({ type, time }) => ({ type, time }));
const expectExpiredOnce = async (ids: ReadonlyMap<string, string>): Promise<void> => {
  for (const [id, expiresAt] of ids) {
    const ends = await endsOf(id);
    expect(ends.map(({ type }) => type)).toEqual(['ApprovalExpired']);
    expect(Date.parse(ends[0]?.time ?? '')).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  }
};
const requestMany = async (count: number, wait_ms: number): Promise<ReadonlyMap<string, string>> => {
  const ids = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const change = expiringIn(wait_ms);
    ids.set(await request(replica(index), change), change.expiresAt);
  }
  return ids;
};
const allExpired = (ids: ReadonlyMap<string, string>): boolean =>
  [...ids.keys()].every((id) => replica(0).directory.get(id)?.approval.status === 'expired');

describe(`timers of ${PENDING} pending approvals in Redis, with two replicas`, () => {
  let lasting: ReadonlyMap<string, string>;

  it('are there again within ten seconds after Redis has forgotten everything', async () => {
    lasting = await requestMany(PENDING, 3_600_000);
    await waitUntil('all timers', async () => (await timers()) >= PENDING, THERE_AGAIN_MS);
    await client.flushall();
    expect(await timers()).toBeLessThan(PENDING);
    const before = performance.now();
    await waitUntil('all timers again', async () => (await timers()) >= PENDING, THERE_AGAIN_MS);
    expect(performance.now() - before).toBeLessThan(THERE_AGAIN_MS);
    // Every replica has looked by then, and none has added what another has.
    await pause(6_000);
    expect(await timers()).toBe(PENDING);
  }, 60_000);

  it('that ring twice, early, or for what is over change nothing', async () => {
    const [first = '', second = '', third = ''] = lasting.keys();
    await happen(replica(0), second, voted('m1'), DENIED);
    const ids = [first, second, third, `${third}~0`, 'of-nobody', ''];
    for (const [index, id] of [...ids, ...ids].entries())
      await queue.add('due', { id }, { jobId: `by-hand-${index}`, removeOnComplete: true });
    await waitUntil('an empty queue', async () => {
      const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active');
      return waiting + active === 0;
    });
    expect(await endsOf(first)).toEqual([]);
    expect(await endsOf(second)).toMatchObject([{ type: 'ApprovalDenied' }]);
    expect(await endsOf(third)).toEqual([]);
  });

  it('that Redis loses or never gets are no matter: approvals expire without them, once each, and not before their time', async () => {
    const lost = await requestMany(50, 3_000);
    await client.flushall();
    await waitUntil('the end of what was lost', () => allExpired(lost));
    await killRedis();
    const unheard = await requestMany(50, 2_000);
    await waitUntil('the end while Redis is dead', () => allExpired(unheard));
    await startRedis();
    await waitUntil('all timers again', async () => (await timers()) >= PENDING - 1, THERE_AGAIN_MS);
    const after = await requestMany(10, 1_000);
    await waitUntil('the end of what came after', () => allExpired(after));
    await expectExpiredOnce(new Map([...lost, ...unheard, ...after]));
    const [denied = '', ...others] = [...lasting.keys()].slice(1);
    expect((await endsOf(denied)).map(({ type }) => type)).toEqual(['ApprovalDenied']);
    for (const id of others) expect(replica(1).directory.get(id)?.approval.status).toBe('pending');
  }, 90_000);
});
