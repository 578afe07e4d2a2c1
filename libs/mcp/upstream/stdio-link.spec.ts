import { describe, expect, it } from 'vitest';
import { call, folder, open, textOf } from './stdio-upstream.fixture.js';
import { unavailable } from './upstream-call.fixture.js';

describe('a stdio upstream', () => {
  it('lists the tools of all pages with the bytes the server wrote', async () => {
    const tools = await open().list('tools', new AbortController().signal);
    expect(tools.length).toBeGreaterThan(20);
    expect(Buffer.from(tools[0]?.bytes ?? []).toString()).toBe(
      '{"name":"echo", "inputSchema":{"type":"object","maximum":9223372036854775807}}',
    );
    expect(tools[0]).toMatchObject({ name: 'echo', json: { inputSchema: { type: 'object' } } });
  });

  it('speaks every revision that begins with initialize, and no other', async () => {
    for (const revision of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
      expect(await textOf(open([`--revision=${revision}`]), 'echo')).toBe('echo');
    }
    const stranger = open(['--revision=1999-01-01'], { connect_wait_ms: 5_000 });
    await expect(call(stranger, 'echo')).rejects.toThrow(unavailable);
    expect(stranger.state()).toMatchObject({ kind: 'down', reason: expect.stringContaining('revision') });
  });

  it('sends the params bytes exactly as given and returns the result bytes exactly as written', async () => {
    const upstream = open();
    const params = Buffer.from('{ "name":"raw","arguments":{"n":1.0,"t":"\\u00fc"} }');
    const options = { deadline_ms: 10_000, signal: new AbortController().signal, resultBytesMax: 1_000 };
    const answer = await upstream.request('tools/call', params, options);
    expect(Buffer.from(answer.bytes).toString()).toBe('{"n": 1.50, "big":9223372036854775807}');
    const seen = JSON.parse(await textOf(upstream, 'seen')) as string[];
    expect(seen.some((line) => line.includes(`"params":${params}}`))).toBe(true);
  });

  it('returns an error object as bytes', async () => {
    expect(await call(open(), 'raw-error')).toEqual({
      kind: 'error',
      text: '{"code": -32000,"message":"no"}',
    });
  });

  it('refuses params with a raw line break before sending', async () => {
    const options = { deadline_ms: 10_000, signal: new AbortController().signal, resultBytesMax: 1_000 };
    await expect(open().request('tools/call', Buffer.from('{"name":\n"echo"}'), options)).rejects.toThrow(
      expect.objectContaining({ code: 'params_invalid' }),
    );
  });

  it('runs calls side by side and matches answers by id', async () => {
    const upstream = open();
    const [late, echo] = await Promise.all([textOf(upstream, 'late'), textOf(upstream, 'echo')]);
    expect([late, echo]).toEqual(['late', 'echo']);
  });

  it('drops answers with a foreign id, an id of another type and a second answer', async () => {
    const upstream = open();
    expect(await textOf(upstream, 'wrong-id')).toBe('right');
    expect(await textOf(upstream, 'two-answers')).toBe('first');
    expect(await textOf(upstream, 'echo')).toBe('echo');
  });

  it('puts together an answer that comes in pieces, also within a character', async () => {
    expect((await call(open(), 'partial')).text).toBe('{"text":"ü"}');
  });

  it('gives the child only the environment and the folder it was given', async () => {
    const { env, cwd } = JSON.parse(await textOf(open(), 'env'));
    expect(env).toEqual({ ONLY: 'this' });
    expect(cwd).toBe(folder);
  });

  it('hands lines outside the protocol to the log, without control characters', async () => {
    const lines: string[] = [];
    const upstream = open([], {}, (line) => lines.push(line));
    expect(await textOf(upstream, 'banner')).toBe('after the banner');
    expect(lines).toEqual(['listening...']);
  });

  it('answers ping and refuses sampling and roots', async () => {
    const replies = JSON.parse(await textOf(open(), 'ask')) as string[];
    const byId = new Map(replies.map((line) => JSON.parse(line)).map((frame) => [frame.id, frame]));
    expect(byId.get('a').error.code).toBe(-32601);
    expect(byId.get('b').error.code).toBe(-32601);
    expect(byId.get('c').result).toEqual({});
  });

  it('reports progress for its own token only', async () => {
    const reports: object[] = [];
    await call(
      open(),
      'progress',
      { progressToken: 't', onProgress: (p) => reports.push(p) },
      { _meta: { progressToken: 't' } },
    );
    expect(reports).toEqual([{ progress: 1, total: 2 }, { progress: 2 }]);
  });

  it('tells when it becomes ready and when the tools have changed', async () => {
    const upstream = open();
    let changes = 0;
    upstream.onListChanged((kind) => {
      if (kind === 'tools') changes++;
    });
    await call(upstream, 'echo');
    expect(changes).toBe(1);
    await call(upstream, 'change');
    expect(changes).toBe(2);
  });
});
