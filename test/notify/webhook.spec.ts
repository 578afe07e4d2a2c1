import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { notifySchema, type WebhookConfig } from '#config/notify.schema.js';
import { openOutbound } from '#outbound/guarded-fetch.js';
import { outboundRules } from '#outbound/outbound-rules.js';
import { type Channel, DeliveryError } from '../../apps/approval/notify/channel.js';
import { webhookChannel } from '../../apps/approval/notify/webhook-channel.js';
import { NEVER, noticeOf } from './notice.fixture.js';

const secretOf = (word: string): string => `whsec_${Buffer.from(word.padEnd(24, '.')).toString('base64')}`;
const SECRET = secretOf('now');
const OLD = secretOf('before');

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const listen = async (answer: RequestListener): Promise<{ url: string; seen: Request[] }> => {
  const seen: Request[] = [];
  const server = createServer({ keepAliveTimeout: 72_000 }, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ headers: request.headers, body });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, seen };
};

const channelTo = (
  url: string,
  options: Partial<WebhookConfig> = {},
  { secrets = [SECRET], loopback = true, answer_ms = 2_000 } = {},
): Channel => {
  const outbound = openOutbound({ rules: outboundRules({ allow: [], loopback }), answer_ms });
  closers.push(() => outbound.close());
  const { webhooks } = notifySchema.parse({
    webhooks: [{ name: 'siem', url, secrets: [{ env: 'X' }], ...options }],
  });
  return webhookChannel({ config: webhooks[0] as WebhookConfig, secrets, fetch: outbound.fetch });
};
const ok: RequestListener = (_, response) => void response.writeHead(204).end();
const deliveryTo = async (answer: RequestListener, ...rest: [] | [object, object]): Promise<unknown> => {
  const { url } = await listen(answer);
  const [options = {}, how = {}] = rest;
  return channelTo(url, options, how)
    .deliver(noticeOf(), undefined, NEVER)
    .catch((error: unknown) => error);
};
const sentTo = async (options: { secrets?: string[] } = {}): Promise<Request> => {
  const { url, seen } = await listen(ok);
  await channelTo(url, {}, options).deliver(noticeOf(), undefined, NEVER);
  return seen[0] as Request;
};
const verify = (secret: string, { body, headers }: Request) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe('a message of a webhook', () => {
  it('is accepted by the verifier of Standard Webhooks, and named by its notice', async () => {
    const request = await sentTo();
    expect(verify(SECRET, request)).toMatchObject({
      type: 'approval.requested',
      data: { roles: ['manager'] },
    });
    expect(request.headers['webhook-id']).toBe('a1_0');
    expect(request.headers['content-type']).toBe('application/json');
  });

  it('is accepted with each of several secrets, so that a receiver can change over in its own time', async () => {
    const request = await sentTo({ secrets: [SECRET, OLD] });
    expect(verify(OLD, request)).toEqual(verify(SECRET, request));
    expect(() => verify(secretOf('other'), request)).toThrow('No matching signature');
  });

  it.each<[string, (request: Request) => Request]>([
    ['whose body was changed', (sent) => ({ ...sent, body: sent.body.replace('pending', 'granted') })],
    ['that was replayed under another id', (sent) => withHeader(sent, 'webhook-id', 'a2_0')],
    [
      'that was replayed at another time',
      (sent) => withHeader(sent, 'webhook-timestamp', String(Number(sent.headers['webhook-timestamp']) + 1)),
    ],
    ['without a signature', (sent) => withHeader(sent, 'webhook-signature', '')],
    [
      'that is replayed after more than five minutes',
      (sent) => withHeader(sent, 'webhook-timestamp', String(Math.floor(Date.now() / 1_000) - 301)),
    ],
  ])('%s is refused', async (_, change) => {
    const request = await sentTo();
    expect(() => verify(SECRET, change(request))).toThrow();
  });

  it('says who asks by name, and nothing that identifies an account', async () => {
    const { body } = await sentTo();
    expect(body).toContain('dana.engineer');
    for (const hidden of ['subject-of-dana', 'E-4711', 'login.bank.example', 'agent-client'])
      expect(body).not.toContain(hidden);
  });

  it('has arguments only where they are wanted, and then as they were masked', async () => {
    const { url, seen } = await listen(ok);
    const notice = noticeOf({}, { arguments: { ssn: '[US_SSN]' } });
    await channelTo(url, { arguments: true }).deliver(notice, undefined, NEVER);
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      data: { approval: { arguments: { ssn: '[US_SSN]' } } },
    });
    expect(channelTo(url).showsArguments).toBe(false);
  });
});

const withHeader = (request: Request, name: string, value: string): Request => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

describe('a webhook', () => {
  it.each([
    [500, undefined, { reason: 'http_500', options: { final: false } }],
    [404, undefined, { reason: 'http_404', options: { final: false } }],
    [410, undefined, { reason: 'http_410', options: { final: true } }],
    [429, '120', { reason: 'http_429', options: { final: false, retryAfter_ms: 120_000 } }],
    [503, 'Fri, 31 Dec 1999 23:59:59 GMT', { reason: 'http_503', options: { final: false } }],
  ])('that answers %i is tried again, unless it is gone for good', async (status, retryAfter, expected) => {
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    const error = await deliveryTo((_, response) => void response.writeHead(status, headers).end());
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error).toMatchObject(expected);
  });

  it('that leads elsewhere is not followed', async () => {
    const other = await listen(ok);
    const error = await deliveryTo(
      (_, response) => void response.writeHead(307, { location: other.url }).end(),
    );
    expect(error).toMatchObject({ reason: 'OUTBOUND_REFUSED' });
    expect(other.seen).toEqual([]);
  });

  it('that never answers is given up in time', async () => {
    expect(await deliveryTo(() => undefined, {}, { answer_ms: 200 })).toMatchObject({ reason: 'timeout' });
  });

  it('at an address that must not be reached is not asked', async () => {
    const { url, seen } = await listen(ok);
    const closed = channelTo(url, {}, { loopback: false });
    await expect(closed.deliver(noticeOf(), undefined, NEVER)).rejects.toMatchObject({
      reason: 'OUTBOUND_REFUSED',
    });
    expect(seen).toEqual([]);
  });

  it('takes what it is for: kinds, and roles', () => {
    const channel = channelTo('https://hooks.bank.example', {
      kinds: ['resolved'],
      roles: ['risk', 'director'],
    });
    expect(channel.takes({ kind: 'resolved', roles: ['manager', 'risk'] })).toBe(true);
    expect(channel.takes({ kind: 'requested', roles: ['risk'] })).toBe(false);
    expect(channel.takes({ kind: 'resolved', roles: ['manager'] })).toBe(false);
  });

  it.each([
    '',
    'whsec_',
    'secret',
    secretOf('x').slice(6),
    `whsec_${'A'.repeat(28)}`,
    `whsec_${'A'.repeat(92)}`,
  ])('with a secret like %j does not start', (secret) => {
    expect(() => channelTo('https://hooks.bank.example', {}, { secrets: [secret] })).toThrow(TypeError);
  });
});
