import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestDevToken } from '#identity/dev-token-request.js';
import { isAlive } from '#service/is-alive.fixture.js';
import { demoResources } from '../demo.js';
import { findProgram, LaunchError } from './programs.js';
import { type Distributed, startDistributed } from './start-distributed.js';

const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const SERVICES = ['ingress', 'policy', 'masking', 'approval', 'ledger'];
const ALL = [...SERVICES, 'nats', 'redis', 'issuer', 'core-banking'];
const START_MS = 90_000;

const installed = (): boolean => {
  try {
    return findProgram('nats-server', '') !== '' && findProgram('redis-server', '') !== '';
  } catch {
    return false;
  }
};

describe('starting the distributed shape', () => {
  it('says which package a missing program is in', () => {
    expect(() => findProgram('no-such-server', 'no-such-package')).toThrow(LaunchError);
    expect(() => findProgram('no-such-server', 'no-such-package')).toThrow(
      /apt-get install .*no-such-package/,
    );
  });

  it('names the port that is taken before anything is started', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const data = mkdtempSync(join(tmpdir(), 'countersign-taken-'));
    try {
      await expect(startDistributed({ port, data })).rejects.toThrow(`port ${port}, for ingress, is in use`);
      expect(readdirSync(data)).toEqual([]);
    } finally {
      taken.close();
      rmSync(data, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!installed())('the distributed shape', () => {
  const data = mkdtempSync(join(tmpdir(), 'countersign-distributed-'));
  const reports: string[] = [];
  let system: Distributed;
  let token = '';

  beforeAll(async () => {
    system = await startDistributed({ port: 0, data, report: (text) => reports.push(text) });
    const { issuerUrl: issuer = '', url } = system;
    token = await requestDevToken({ issuer, user: 'examiner', ttl_s: 600, resources: demoResources(url) });
  }, START_MS);
  afterAll(async () => {
    await system?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const get = (url: string) => fetch(url, { headers: { authorization: `Bearer ${token}` } });

  it('is nine processes of their own', () => {
    const pids = Object.entries(system.pids());
    expect(pids.map(([name]) => name).sort()).toEqual(ALL.sort());
    expect(new Set(pids.map(([, pid]) => pid)).size).toBe(ALL.length);
  });

  it('takes one token at every MCP endpoint and REST edge', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    for (const endpoint of ['mcp', 'mcp/core-banking']) {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      const response = await fetch(`${system.url}/${endpoint}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(list),
      });
      expect([endpoint, response.status]).toEqual([endpoint, 200]);
    }
    expect((await get(`${system.approvalUrl}/approvals`)).status).toBe(200);
    expect((await get(`${system.ledgerUrl}/ledger/calls`)).status).toBe(200);
  });

  it('has the approval page at the approval service, and the sign-in at the issuer', async () => {
    const page = await fetch(`${system.approvalUrl}/approvals/page`, { redirect: 'manual' });
    const signIn = new URL(page.headers.get('location') ?? '');
    expect(signIn.origin).toBe(system.issuerUrl);
    expect(signIn.searchParams.get('redirect_uri')).toBe(`${system.approvalUrl}/approvals/login/callback`);
    // The issuer knows the address: it goes on to the choice of a user.
    const asked = await fetch(signIn, { redirect: 'manual' });
    expect(asked.headers.get('location')).toContain('/interaction/');
  });

  it('keeps configuration and passwords where nobody else can read them', () => {
    const [run = ''] = readdirSync(data).filter((name) => name.startsWith('run-'));
    expect(statSync(join(data, run)).mode & 0o077).toBe(0);
    const files = readdirSync(join(data, run));
    expect(files).toContain('countersign.yaml');
    expect(files.filter((file) => file.endsWith('.password'))).toHaveLength(SERVICES.length);
    for (const file of files) expect([file, statSync(join(data, run, file)).mode & 0o077]).toEqual([file, 0]);
  });

  it('comes back by itself after the ledger was killed', async () => {
    const { ledger = 0 } = system.pids();
    process.kill(ledger, 'SIGKILL');
    await expect.poll(() => reports.join('\n')).toContain('ledger ended (SIGKILL)');
    await expect
      .poll(async () => (await get(`${system.ledgerUrl}/ledger/calls`).catch(() => undefined))?.status, {
        timeout: 20_000,
      })
      .toBe(200);
    expect(system.pids().ledger).not.toBe(ledger);
  });

  it('leaves no process and no password behind when it is stopped', async () => {
    const pids = Object.values(system.pids());
    expect(pids).toHaveLength(ALL.length);
    await system.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readdirSync(data).filter((name) => name.startsWith('run-'))).toEqual([]);
  });
});

describe.skipIf(!installed())('a killed launcher', () => {
  it(
    'takes every process with it',
    async () => {
      const data = mkdtempSync(join(tmpdir(), 'countersign-killed-'));
      const launcher = spawn(process.execPath, [CLI, 'distributed', '--port', '0', '--data', data], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const lines = createInterface({ input: launcher.stdout });
      const processes = await new Promise<string>((resolve) =>
        lines.on('line', (line) => line.includes('processes') && resolve(line)),
      );
      const pids = [...processes.matchAll(/[a-z-]+ (\d+)/g)].map(([, pid]) => Number(pid));
      expect(pids).toHaveLength(ALL.length);
      launcher.kill('SIGKILL');
      await expect.poll(() => pids.filter(isAlive)).toEqual([]);
      await expect.poll(() => readdirSync(data).filter((name) => name.startsWith('run-'))).toEqual([]);
      rmSync(data, { recursive: true, force: true });
    },
    START_MS,
  );
});

describe.skipIf(!installed())('the whole story', () => {
  it(
    'plays on five processes as it does in one',
    async () => {
      const { code, out } = await new Promise<{ code: number; out: string }>((resolve) =>
        execFile(process.execPath, [CLI, 'demo', '--distributed', '--json'], (error, stdout) =>
          resolve({ code: error === null ? 0 : Number(error.code), out: stdout }),
        ),
      );
      const { failed, passed, checks } = JSON.parse(out) as {
        failed: number;
        passed: number;
        checks: { held: boolean }[];
      };
      expect(checks.filter(({ held }) => !held)).toEqual([]);
      expect({ code, failed }).toEqual({ code: 0, failed: 0 });
      expect(passed).toBeGreaterThan(20);
    },
    START_MS,
  );
});
