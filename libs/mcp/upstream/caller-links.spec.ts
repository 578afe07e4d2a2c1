import { describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { sendJson, sendResult } from './http-server.fixture.js';
import { call, calls, open, serve } from './http-upstream.fixture.js';
import type { UpstreamAuth, UpstreamCaller } from './upstream-auth.types.js';
import { unavailable } from './upstream-call.fixture.js';

const callerOf = (subject: string, token = `never-upstream-${subject}`): UpstreamCaller => ({
  issuer: 'https://idp.example',
  subject,
  principal: subject,
  token,
});
const ann = callerOf('ann');
const ben = callerOf('ben');

/** A legacy server whose sessions are only good with the credential they were opened with. */
const sessions = async () => {
  const opened = new Map<string, string | undefined>();
  let count = 0;
  const server = await serve({
    first: ({ http, method, id, headers }, res) => {
      const session = String(headers['mcp-session-id']);
      if (method === 'server/discover') res.writeHead(400).end();
      else if (method === 'initialize') {
        const fresh = `session-${++count}`;
        opened.set(fresh, headers.authorization);
        res.setHeader('mcp-session-id', fresh);
        const serverInfo = { name: 'f', version: '1' };
        sendResult(res, id, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo });
      } else if (!opened.has(session)) res.writeHead(404).end();
      else if (opened.get(session) !== headers.authorization) res.writeHead(403).end();
      else if (http === 'DELETE') {
        opened.delete(session);
        res.writeHead(200).end();
      } else return false;
      return true;
    },
    call: ({ id }, res) => sendResult(res, id),
  });
  return { server, opened };
};

/** Everybody has a credential of their own, except who is refused. */
const perCaller = (
  refused: ReadonlySet<string> = new Set(),
  more: Partial<UpstreamAuth> = {},
): UpstreamAuth => ({
  perCaller: true,
  async headers(caller) {
    const subject = caller?.subject ?? 'gateway';
    if (refused.has(subject)) throw new CountersignError('upstream_consent_needed', 'fixture');
    return { authorization: `Bearer of-${subject}` };
  },
  challenged: async () => false,
  ...more,
});

describe('sessions at a legacy server with a credential for each caller', () => {
  it('are one for each caller, opened with that caller’s credential', async () => {
    const { server, opened } = await sessions();
    const upstream = open(server.url, {}, { auth: perCaller() });
    for (const caller of [ann, ben, ann]) expect((await call(upstream, { caller })).kind).toBe('result');
    expect([...opened.values()]).toEqual(['Bearer of-gateway', 'Bearer of-ann', 'Bearer of-ben']);
    expect(calls(server).map(({ headers }) => [headers['mcp-session-id'], headers.authorization])).toEqual([
      ['session-2', 'Bearer of-ann'],
      ['session-3', 'Bearer of-ben'],
      ['session-2', 'Bearer of-ann'],
    ]);
    expect(JSON.stringify(server.received)).not.toContain('never-upstream');
  });

  it('are one for all where the credential is', async () => {
    const { server, opened } = await sessions();
    const shared = {
      ...perCaller(),
      perCaller: false,
      headers: async () => ({ authorization: 'Bearer all' }),
    };
    const upstream = open(server.url, {}, { auth: shared });
    for (const caller of [ann, ben]) await call(upstream, { caller });
    expect(opened.size).toBe(1);
  });

  it('are not opened without a credential: the caller is told why, others work', async () => {
    const { server, opened } = await sessions();
    const refused = new Set(['ann']);
    const upstream = open(server.url, {}, { auth: perCaller(refused) });
    await call(upstream, { caller: ben });
    await expect(call(upstream, { caller: ann })).rejects.toMatchObject({ code: 'upstream_consent_needed' });
    expect(opened.size).toBe(2);
    refused.clear();
    expect((await call(upstream, { caller: ann })).kind).toBe('result');
  });

  it('that the server has forgotten are opened again; no call is sent twice', async () => {
    const { server, opened } = await sessions();
    const upstream = open(server.url, {}, { auth: perCaller() });
    await call(upstream, { caller: ann });
    opened.delete('session-2');
    await expect(call(upstream, { caller: ann })).rejects.toThrow(unavailable);
    await call(upstream, { caller: ann });
    expect(calls(server).map(({ headers }) => headers['mcp-session-id'])).toEqual([
      'session-2',
      'session-2',
      'session-3',
    ]);
  });

  it('make room for each other, the one unused for longest first, and never while at work', async () => {
    const { server, opened } = await sessions();
    const working: (() => void)[] = [];
    const upstream = open(server.url, { caller_links_max: 1 }, { auth: perCaller() });
    await call(upstream, { caller: ann });
    await call(upstream, { caller: ben });
    await expect.poll(() => [...opened.values()]).toEqual(['Bearer of-gateway', 'Bearer of-ben']);
    server.behaviour.call = ({ id }, res) => void working.push(() => sendResult(res, id));
    const running = call(upstream, { caller: ben });
    await expect.poll(() => working.length).toBe(1);
    await expect(call(upstream, { caller: ann })).rejects.toThrow(unavailable);
    working[0]?.();
    expect((await running).kind).toBe('result');
  });

  it('end when their caller is idle, and with the upstream', async () => {
    const { server, opened } = await sessions();
    const upstream = open(server.url, { caller_idle_ms: 30 }, { auth: perCaller() });
    await call(upstream, { caller: ann });
    await expect.poll(() => [...opened.values()]).toEqual(['Bearer of-gateway']);
    await call(upstream, { caller: ben });
    await upstream.close();
    expect(opened.size).toBe(0);
  });

  it('use the latest token of their caller for what no request of the caller asks for', async () => {
    const { server } = await sessions();
    const seen: (string | undefined)[] = [];
    const auth = perCaller(new Set(), {
      async headers(caller) {
        seen.push(caller?.token);
        return { authorization: `Bearer of-${caller?.subject ?? 'gateway'}` };
      },
    });
    const upstream = open(server.url, {}, { auth });
    await call(upstream, { caller: callerOf('ann', 'older') });
    await call(upstream, { caller: callerOf('ann', 'newer') });
    const before = seen.length;
    await upstream.close();
    expect(seen.slice(before)).toContain('newer');
    expect(seen.slice(before)).not.toContain('older');
  });

  it('are not needed at a modern server', async () => {
    const server = await serve({
      first: ({ method, id }, res) => {
        const result =
          method === 'server/discover'
            ? { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} }
            : { resultType: 'complete', content: [] };
        sendJson(res, { jsonrpc: '2.0', id, result });
        return true;
      },
    });
    const upstream = open(server.url, {}, { auth: perCaller() });
    const params = { name: 't', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    const options = { deadline_ms: 5_000, signal: new AbortController().signal, resultBytesMax: 1_000 };
    for (const caller of [ann, ben])
      await upstream.request('tools/call', Buffer.from(JSON.stringify(params)), { ...options, caller });
    expect(server.methods()).not.toContain('initialize');
    expect(calls(server).map(({ headers }) => headers.authorization)).toEqual([
      'Bearer of-ann',
      'Bearer of-ben',
    ]);
  });
});

describe('a server that the gateway itself has no credential for', () => {
  const without = async (code: 'upstream_auth_failed' | 'upstream_consent_needed') => {
    const { server } = await sessions();
    let isRefused = true;
    let granted: () => void = () => undefined;
    const auth: UpstreamAuth = {
      async headers() {
        if (isRefused) throw new CountersignError(code, 'fixture');
        return { authorization: 'Bearer of-all' };
      },
      challenged: async () => false,
      onGranted: (listener) => {
        granted = listener;
        return () => undefined;
      },
    };
    const upstream = open(server.url, { backoff_first_ms: 60_000, backoff_max_ms: 60_000 }, { auth });
    await expect.poll(() => upstream.state().kind).toBe('down');
    const grant = (): void => {
      isRefused = false;
    };
    return { server, upstream, grant, granted };
  };

  it('tells callers so, and is tried at once when there is one', async () => {
    const { server, upstream, grant, granted } = await without('upstream_auth_failed');
    await expect(call(upstream)).rejects.toMatchObject({ code: 'upstream_auth_failed' });
    await expect(upstream.list('tools', new AbortController().signal)).rejects.toMatchObject({
      code: 'upstream_auth_failed',
    });
    expect(server.received).toEqual([]);
    grant();
    granted();
    expect((await call(upstream)).kind).toBe('result');
  });

  it('is looked at again soon when a consent is needed: it may be given at another replica', async () => {
    const { upstream, grant } = await without('upstream_consent_needed');
    grant();
    await expect.poll(() => upstream.state().kind).toBe('ready');
  });
});
