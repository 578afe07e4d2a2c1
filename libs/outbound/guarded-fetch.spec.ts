import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '#upstream-auth/oauth-world.fixture.js';
import { OutboundRefusedError, type Resolve } from './guarded-connect.js';
import { type GuardedFetchOptions, openOutbound } from './guarded-fetch.js';
import { outboundRules } from './outbound-rules.js';

let server: Listening;
let port = '';
beforeAll(async () => {
  server = await listen(({ path }, response) => {
    if (path === '/redirect') response.writeHead(302, { location: '/' }).end();
    else if (path === '/long') response.end('x'.repeat(10_000));
    else if (path === '/slow') response.write('x');
    else response.end('fine');
  });
  port = new URL(server.url).port;
});
afterAll(() => server.close());

const fetchWith = async (url: string, options: Partial<GuardedFetchOptions>) => {
  const outbound = openOutbound({ rules: outboundRules({ allow: [], loopback: true }), ...options });
  try {
    const answer = await outbound.fetch(url);
    return { status: answer.status, text: await answer.text() };
  } finally {
    await outbound.close();
  }
};
const refusal = async (url: string, options: Partial<GuardedFetchOptions> = {}): Promise<unknown> => {
  const before = server.seen.length;
  const error = await fetchWith(url, options).catch((thrown: unknown) => thrown);
  return { cause: (error as Error).cause, asked: server.seen.length - before };
};
const notSent = { cause: expect.any(OutboundRefusedError) as unknown, asked: 0 };
const listed = outboundRules({ allow: ['name.example'], loopback: false });

describe('the guarded fetch', () => {
  it('reaches what may be reached', async () => {
    expect(await fetchWith(server.url, {})).toEqual({ status: 200, text: 'fine' });
  });

  it('connects to the address it has checked: a name that answers otherwise the next time changes nothing', async () => {
    const answers = ['127.0.0.1', '169.254.169.254'];
    let asked = 0;
    const resolve: Resolve = async () => [{ address: answers[asked++] ?? '', family: 4 }];
    expect(await fetchWith(`http://name.example:${port}/`, { rules: listed, resolve })).toMatchObject({
      status: 200,
    });
    expect(asked).toBe(1);
  });

  it('refuses a name when any of its addresses must not be reached', async () => {
    const resolve: Resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ];
    expect(await refusal(`http://name.example:${port}/`, { rules: listed, resolve })).toEqual(notSent);
  });

  it('refuses a name without addresses', async () => {
    expect(await refusal(`http://name.example:${port}/`, { rules: listed, resolve: async () => [] })).toEqual(
      notSent,
    );
  });

  const strict = outboundRules({ allow: [], loopback: false });
  it.each([
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f.1',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://localhost',
  ])('refuses this machine in production, spelled %s', async (origin) => {
    expect(await refusal(`${origin}:${port}/`, { rules: strict })).toEqual(notSent);
  });

  it.each([
    'http://public.example/',
    'http://8.8.8.8/',
    'ftp://public.example/',
    'https://user:pass@public.example/',
  ])('refuses %s before it looks up anything', async (url) => {
    let looked = 0;
    const resolve: Resolve = async () => [{ address: `8.8.8.${++looked}`, family: 4 }];
    expect(await refusal(url, { rules: strict, resolve })).toEqual(notSent);
    expect(looked).toBe(0);
  });

  it('does not follow a redirect', async () => {
    expect(await refusal(`${server.url}/redirect`)).toEqual({ ...notSent, asked: 1 });
  });

  it('does not read an answer that is too long, and does not wait for one that does not end', async () => {
    expect(await refusal(`${server.url}/long`, { answer_bytes_max: 9_999 })).toEqual({
      ...notSent,
      asked: 1,
    });
    await expect(fetchWith(`${server.url}/slow`, { answer_ms: 150 })).rejects.toThrow(/time|abort/i);
  });
});
