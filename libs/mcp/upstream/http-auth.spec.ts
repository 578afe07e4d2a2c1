import { describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { AUTH_RETRIES_MAX } from './http-auth.js';
import { sendResult } from './http-server.fixture.js';
import { call, calls, open, serve } from './http-upstream.fixture.js';
import type { UpstreamAuth } from './upstream-auth.types.js';
import { unavailable } from './upstream-call.fixture.js';

const CALLER = { issuer: 'i', subject: 's', principal: 'p', token: 'never-upstream' };

/** A server that takes only the token `good`; an authority whose next tokens are given. */
const guarded = async (tokens: string[], more: Partial<UpstreamAuth> = {}) => {
  const challenges: unknown[] = [];
  const callers: unknown[] = [];
  let strict = false;
  const server = await serve({
    first: ({ headers, method }, res) => {
      if (!strict || method !== 'tools/call' || headers.authorization === 'Bearer good') return false;
      res.writeHead(401, { 'www-authenticate': 'Bearer scope="pay"' }).end('who?');
      return true;
    },
    call: ({ id }, res) => sendResult(res, id),
  });
  let token = 'first';
  const auth: UpstreamAuth = {
    async headers(caller) {
      callers.push(caller);
      return { authorization: `Bearer ${token}` };
    },
    async challenged(status, wwwAuthenticate) {
      challenges.push([status, wwwAuthenticate]);
      token = tokens.shift() ?? token;
      return true;
    },
    ...more,
  };
  const upstream = open(server.url, {}, { auth });
  await expect.poll(() => upstream.state().kind).toBe('ready');
  strict = true;
  return { server, upstream, challenges, callers };
};

describe('credentials of an upstream', () => {
  it('go with every request, and again after a challenge', async () => {
    const { server, upstream, challenges, callers } = await guarded(['good']);
    expect((await call(upstream, { caller: CALLER })).kind).toBe('result');
    expect(challenges).toEqual([[401, 'Bearer scope="pay"']]);
    expect(calls(server).map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer good',
    ]);
    expect(callers).toContain(CALLER);
    for (const { headers } of server.received) expect(headers.authorization).toBeDefined();
    expect(JSON.stringify(server.received)).not.toContain(CALLER.token);
  });

  it('are tried again only so often; then the call was not carried out', async () => {
    const { server, upstream } = await guarded([]);
    await expect(call(upstream)).rejects.toThrow(
      expect.objectContaining({ code: 'upstream_unavailable', detail: 'HTTP 401' }),
    );
    expect(calls(server)).toHaveLength(AUTH_RETRIES_MAX + 1);
  });

  it('that cannot be had: the reason is told, nothing is sent, the connection stays', async () => {
    let broken = false;
    const { server, upstream } = await guarded([], {
      async headers() {
        if (broken) throw new CountersignError('upstream_unavailable', 'nobody has consented');
        return {};
      },
    });
    broken = true;
    await expect(call(upstream)).rejects.toThrow(expect.objectContaining({ detail: 'nobody has consented' }));
    expect(calls(server)).toHaveLength(0);
    expect(upstream.state().kind).toBe('ready');
  });

  it('refused for good: once', async () => {
    const { server, upstream } = await guarded([], { challenged: async () => false });
    await expect(call(upstream)).rejects.toThrow(unavailable);
    expect(calls(server)).toHaveLength(1);
  });
});

describe('a connector', () => {
  it('makes all connections, and may refuse them', async () => {
    const server = await serve({});
    const upstream = open(
      server.url,
      {},
      {
        connector: (_, done) => done(Object.assign(new Error('x'), { code: 'ADDRESS_REFUSED' }), null),
      },
    );
    await expect.poll(() => upstream.state().reason).toContain('ADDRESS_REFUSED');
    expect(server.received).toEqual([]);
  });
});
