import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bullmqJobs } from './bullmq-jobs.js';
import { inProcessJobs } from './in-process-jobs.js';
import type { Jobs } from './jobs.js';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

let redis: ChildProcess;
let redis_url: string;
beforeAll(async () => {
  const port = await freePort();
  redis_url = `redis://127.0.0.1:${port}`;
  redis = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await new Promise<void>((resolve, reject) => {
    redis.once('error', reject);
    redis.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve();
    });
  });
});
afterAll(() => {
  redis.kill('SIGKILL');
});

const soon = (wait_ms: number): Date => new Date(Date.now() + wait_ms);

describe.each([
  [
    'in process',
    (due: string[], fail: () => boolean): Jobs =>
      inProcessJobs(
        async (id) => void (fail() ? reject() : due.push(id)),
        () => undefined,
      ),
  ],
  [
    'on BullMQ with a real redis-server',
    (due: string[], fail: () => boolean): Jobs =>
      bullmqJobs(
        { redis_url, queue: `test-${process.pid}` },
        async (id) => void (fail() ? reject() : due.push(id)),
        () => undefined,
      ),
  ],
])('jobs %s', (_, open) => {
  const due: string[] = [];
  let failures = 0;
  let jobs: Jobs;
  beforeAll(() => {
    jobs = open(due, () => failures-- > 0);
  });
  afterAll(() => jobs.close());

  it('look at what is due, and not before', async () => {
    await jobs.schedule('a:1', soon(300));
    expect(due).not.toContain('a:1');
    await vi.waitFor(() => expect(due).toContain('a:1'), 30_000);
  });

  it('take what is already due at once', async () => {
    await jobs.schedule('late', soon(-60_000));
    await vi.waitFor(() => expect(due).toContain('late'), 30_000);
  });

  it('forget what was cancelled, and mind no unknown id', async () => {
    await jobs.schedule('cancelled', soon(1_000));
    await jobs.cancel('cancelled');
    await jobs.cancel('never there');
    await jobs.schedule('after', soon(1_300));
    await vi.waitFor(() => expect(due).toContain('after'), 30_000);
    expect(due).not.toContain('cancelled');
  });

  it('move a job that is scheduled again, and do it once', async () => {
    await jobs.schedule('moved', soon(100_000));
    await jobs.schedule('moved', soon(50));
    await vi.waitFor(() => expect(due.filter((id) => id === 'moved')).toHaveLength(1), 30_000);
  });

  it('add what is missing of many and leave the others as they are', async () => {
    await jobs.schedule('there', soon(100));
    const many = Array.from({ length: 600 }, (_, index) => ({ id: `many:${index}`, at: soon(200) }));
    await jobs.ensure([{ id: 'there', at: soon(100_000) }, ...many]);
    await jobs.ensure(many);
    await vi.waitFor(
      () => expect(new Set(due)).toEqual(new Set([...due, 'there', ...many.map(({ id }) => id)])),
      30_000,
    );
    expect(due.filter((id) => id.startsWith('many:'))).toHaveLength(many.length);
    expect(due.filter((id) => id === 'there')).toHaveLength(1);
  });

  it('try a failed job again', async () => {
    failures = 1;
    await jobs.schedule('again', soon(10));
    await vi.waitFor(() => expect(due.filter((id) => id === 'again')).toHaveLength(1), 30_000);
  });
});

function reject(): never {
  throw new Error('as the test wants');
}
