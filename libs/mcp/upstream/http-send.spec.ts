import { Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpSink, sendHttp } from './http-send.js';
import { startServer } from './http-server.fixture.js';

const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

const recorder = (): HttpSink & { readonly happened: string[] } => {
  const happened: string[] = [];
  return {
    happened,
    onSent: () => void happened.push('sent'),
    onHead: (status) => void happened.push(`head ${status}`),
    onData: () => void happened.push('data'),
    onEnd: () => void happened.push('end'),
    onFailure: ({ message }) => void happened.push(`failure: ${message}`),
  };
};
const request = {
  method: 'POST',
  path: '/mcp',
  headers: {},
  body: Buffer.from('{"id":1,"method":"tools/call"}'),
} as const;

describe('sendHttp', () => {
  it('never writes a request that was given up while it waited for a connection', async () => {
    const server = await startServer({ call: (_, response) => void setTimeout(() => response.end(), 100) });
    const pool = new Pool(new URL(server.url).origin, { connections: 1, pipelining: 1 });
    cleanup.push(server.close, () => pool.destroy());
    const [first, second] = [recorder(), recorder()];
    sendHttp(pool, request, first);
    await expect.poll(() => server.received.length).toBe(1);
    sendHttp(pool, request, second).abort();
    await expect.poll(() => second.happened).toEqual(['failure: aborted before it was sent']);
    expect(first.happened).toEqual(['sent', 'head 200', 'end']);
    expect(server.received).toHaveLength(1);
  });

  it('refuses a second start of the same request, whatever the pool makes of the error', () => {
    const sink = recorder();
    const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} };
    const retrying: Pick<Pool, 'dispatch'> = {
      dispatch(_, handler) {
        handler.onRequestStart?.(controller, {});
        expect(() => handler.onRequestStart?.(controller, {})).toThrow('second send');
        return true;
      },
    };
    sendHttp(retrying, request, sink);
    expect(sink.happened).toEqual(['sent']);
  });

  it('passes over informational responses', async () => {
    const server = await startServer({
      call: (_, response) => {
        response.writeProcessing();
        response.writeHead(200).end();
      },
    });
    const pool = new Pool(new URL(server.url).origin);
    cleanup.push(server.close, () => pool.destroy());
    const sink = recorder();
    sendHttp(pool, request, sink);
    await expect.poll(() => sink.happened).toEqual(['sent', 'head 200', 'end']);
  });
});
