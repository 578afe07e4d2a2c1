import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from '#service/is-alive.fixture.js';
import { call, FIXTURE, open, textOf } from './stdio-upstream.fixture.js';
import { unavailable, unknown } from './upstream-call.fixture.js';

/** A program that starts a child, prints its process id and ends in the given way. */
const orphaning = (option: string, end: 'exit' | 'SIGKILL'): string => `
  const { openUpstream } = await import(${JSON.stringify(join(import.meta.dirname, 'upstream.js'))});
  const upstream = openUpstream({
    name: 'orphan',
    client: { name: 'test', version: '1' },
    transport: { kind: 'stdio', command: process.execPath, args: [${JSON.stringify(FIXTURE)}, '${option}'], env: {} },
    limits: { connect_wait_ms: 10_000 },
  });
  const options = { deadline_ms: 10_000, signal: new AbortController().signal, resultBytesMax: 1_000 };
  const { bytes } = await upstream.request('tools/call', Buffer.from('{"name":"pid"}'), options);
  const { writeSync } = await import('node:fs');
  writeSync(1, JSON.parse(Buffer.from(bytes).toString()).content[0].text);
  if ('${end}' === 'exit') process.exit(0);
  process.kill(process.pid, 'SIGKILL');`;

describe('closing a stdio upstream', () => {
  it('ends a process that ignores SIGTERM, and what it has started', async () => {
    const lines: string[] = [];
    const upstream = open(['--ignore-term=1', '--grandchild=1'], {}, (line) => lines.push(line));
    const pid = Number(await textOf(upstream, 'pid'));
    const grandchild = Number(/grandchild (\d+)/.exec(lines.join())?.[1]);
    expect([pid, grandchild].map(isAlive)).toEqual([true, true]);
    await upstream.close();
    await expect.poll(() => [pid, grandchild].map(isAlive)).toEqual([false, false]);
    expect(lines).toContain('SIGTERM ignored');
    expect(upstream.state()).toEqual({ kind: 'down', reason: 'closed' });
  });

  it('fails calls under way with an unknown outcome and later ones as unavailable', async () => {
    const upstream = open();
    await call(upstream, 'echo');
    const hanging = expect(call(upstream, 'hang')).rejects.toThrow(unknown('connection_lost'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await upstream.close();
    await hanging;
    await expect(call(upstream, 'echo')).rejects.toThrow(unavailable);
  });

  it('is not needed when the gateway is killed: its end of the pipe closes, and the process sees that', () => {
    const gateway = spawnSync(process.execPath, ['--input-type=module', '-e', orphaning('', 'SIGKILL')], {
      encoding: 'utf8',
    });
    expect(gateway.signal).toBe('SIGKILL');
    const pid = Number(gateway.stdout);
    expect(pid).toBeGreaterThan(0);
    return expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('is not needed when the gateway is killed, even for a process that minds neither its input nor SIGTERM', () => {
    const gateway = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', orphaning('--ignore-term=1', 'SIGKILL')],
      { encoding: 'utf8' },
    );
    expect(gateway.signal).toBe('SIGKILL');
    const pid = Number(gateway.stdout);
    expect(pid).toBeGreaterThan(0);
    return expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('is not needed for the process to end: it ends with the gateway', async () => {
    const gateway = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', orphaning('--ignore-term=1', 'exit')],
      { encoding: 'utf8' },
    );
    const pid = Number(gateway.stdout);
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});
