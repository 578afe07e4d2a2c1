import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call, folder, open, opened, textOf } from './stdio-upstream.fixture.js';
import { openUpstream } from './upstream.js';
import { unavailable, unknown } from './upstream-call.fixture.js';

describe('a stdio upstream that fails', () => {
  it('dies in a call: the outcome is unknown, the call is not sent again, and the next one finds a new process', async () => {
    const log = join(folder, 'die.log');
    const upstream = open([`--log=${log}`]);
    const before = await textOf(upstream, 'pid');
    const hanging = call(upstream, 'hang');
    await Promise.all([
      expect(hanging).rejects.toThrow(unknown('connection_lost')),
      expect(call(upstream, 'die')).rejects.toThrow(unknown('connection_lost')),
    ]);
    expect(await textOf(upstream, 'pid')).not.toBe(before);
    const calls = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).params.name);
    expect(calls).toEqual(['pid', 'hang', 'die', 'pid']);
  });

  it('answers and dies: the answer counts', async () => {
    expect(await textOf(open(), 'answer-and-die')).toBe('last words');
  });

  it.each(['garbage', 'duplicate-key', 'array-result', 'endless'])(
    'writes something that is not MCP (%s): the outcome is unknown and the process is replaced',
    async (tool) => {
      const upstream = open([], { message_bytes_max: 100_000 });
      const before = await textOf(upstream, 'pid');
      await expect(call(upstream, tool)).rejects.toThrow(unknown('invalid_answer'));
      expect(await textOf(upstream, 'pid')).not.toBe(before);
    },
  );

  it('answers with more than allowed: result_too_large, and other calls go on', async () => {
    const upstream = open();
    await expect(call(upstream, 'big', { resultBytesMax: 1_000 })).rejects.toThrow(
      expect.objectContaining({ code: 'result_too_large' }),
    );
    expect(await textOf(upstream, 'echo')).toBe('echo');
  });

  it('hangs: after the deadline it is told and the outcome is unknown; a late answer is dropped', async () => {
    const upstream = open();
    await call(upstream, 'echo');
    await expect(call(upstream, 'late', { deadline_ms: 50 })).rejects.toThrow(unknown('timeout'));
    expect(await textOf(upstream, 'late')).toBe('late');
    const seen = JSON.parse(await textOf(upstream, 'seen')) as string[];
    const cancelled = seen
      .map((line) => JSON.parse(line))
      .filter(({ method }) => method === 'notifications/cancelled');
    expect(cancelled).toEqual([
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 4, reason: 'timeout' } },
    ]);
  });

  it('is cancelled: the upstream is told and the outcome is unknown', async () => {
    const upstream = open();
    await call(upstream, 'echo');
    const controller = new AbortController();
    const hanging = call(upstream, 'hang', { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(hanging).rejects.toThrow(unknown('cancelled'));
    expect(await textOf(upstream, 'seen')).toContain('notifications/cancelled');
  });

  it('is cancelled before anything was sent: call_cancelled, and nothing is sent', async () => {
    const log = join(folder, 'cancelled.log');
    const upstream = open([`--log=${log}`]);
    await call(upstream, 'echo');
    await expect(call(upstream, 'hang', { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ code: 'call_cancelled' }),
    );
    expect(readFileSync(log, 'utf8')).not.toContain('hang');
  });

  it('is over its limit of calls under way: upstream_unavailable for the next one', async () => {
    const upstream = open([], { calls_max: 1 });
    await call(upstream, 'echo');
    const late = call(upstream, 'late');
    await expect(call(upstream, 'echo')).rejects.toThrow(unavailable);
    expect((await late).kind).toBe('result');
  });

  it('cannot be started, or ends at once: down with a reason, tried again', async () => {
    const missing = openUpstream({
      name: 'missing',
      client: { name: 'test', version: '1' },
      transport: { kind: 'stdio', command: join(folder, 'nothing-here'), env: {} },
    });
    opened.push(missing);
    await expect(call(missing, 'echo')).rejects.toThrow(unavailable);
    expect(missing.state()).toEqual({ kind: 'down', reason: expect.stringContaining('ENOENT') });
    const ending = open(['--exit=5']);
    await expect(call(ending, 'echo')).rejects.toThrow(unavailable);
    expect(ending.state()).toEqual({ kind: 'down', reason: expect.stringContaining('exit code 5') });
  });
});
