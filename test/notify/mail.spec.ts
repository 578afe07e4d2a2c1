import { readFileSync } from 'node:fs';
import type { SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MailConfig, notifySchema } from '#config/notify.schema.js';
import type { Channel } from '../../apps/approval/notify/channel.js';
import { mailChannel } from '../../apps/approval/notify/mail-channel.js';
import { mailText } from '../../apps/approval/notify/mail-text.js';
import { type Certificate, makeCertificate } from '../setup/certificate.js';
import { HOSTILE, NEVER, noticeOf } from './notice.fixture.js';
import { startSmtpServer } from './smtp.fixture.js';

let certificate: Certificate;
let ca: string;
beforeAll(() => {
  certificate = makeCertificate();
  ca = readFileSync(certificate.ca_file, 'utf8');
});
afterAll(() => certificate.remove());
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const startServer = async (options: SMTPServerOptions = {}) => {
  const server = await startSmtpServer(certificate, options);
  closers.push(server.close);
  return server;
};
const channelTo = (
  port: number,
  { smtp = {}, ...options }: Record<string, unknown> = {},
  { password = 'right', trusted = ca } = {},
): Channel => {
  const { mail } = notifySchema.parse({
    mail: {
      smtp: { host: '127.0.0.1', port, user: 'gateway', password: { env: 'X' }, ...(smtp as object) },
      from: 'countersign@bank.example',
      to: {
        manager: ['m1@bank.example', 'm2@bank.example'],
        director: ['d1@bank.example', 'm1@bank.example'],
      },
      ...options,
    },
  });
  const channel = mailChannel({ config: mail as MailConfig, password, ca: trusted || undefined });
  closers.push(() => channel.close?.());
  return channel;
};
const failureOf = (channel: Channel): Promise<unknown> =>
  channel.deliver(noticeOf(), undefined, NEVER).catch((error: unknown) => error);

describe('a mail', () => {
  it('goes to everybody listed for the roles, once each, over TLS and after a login', async () => {
    const { port, mails } = await startServer();
    await channelTo(port).deliver(noticeOf({ roles: ['manager', 'director', 'unlisted'] }), undefined, NEVER);
    expect(mails).toMatchObject([
      {
        from: 'countersign@bank.example',
        to: ['m1@bank.example', 'm2@bank.example', 'd1@bank.example'],
        secure: true,
        user: 'gateway',
      },
    ]);
    expect(mails[0]?.head).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mails[0]?.head).toMatch(/^Message-ID: <a1_0@bank\.example>\r$/m);
  });

  it('says who, what, why, until when and where, in text and in HTML, and no more', async () => {
    const { port, mails } = await startServer();
    const notice = noticeOf({}, { arguments: { iban: 'DE00 1234' } });
    await channelTo(port).deliver(notice, undefined, NEVER);
    const { head = '', body = '' } = mails[0] ?? {};
    expect(head).toContain('Subject: An approval waits for you');
    for (const said of [
      'dana.engineer',
      'core-banking / update_customer',
      'Writes need a manager.',
      '2026-01-01T00:30:00.000Z',
    ])
      expect(body.split(said)).toHaveLength(3);
    expect(body).toContain('href="https://gateway.bank.example/approvals/a1/page"');
    expect(body.match(/<a |<form|<img|<script|href=/g)).toEqual(['<a ', 'href=']);
    for (const hidden of ['DE00', 'iban', 'subject-of-dana', 'E-4711', 'sha256:'])
      expect(body).not.toContain(hidden);
  });

  it('can be a link alone', async () => {
    const { port, mails } = await startServer();
    await channelTo(port, { details: false }).deliver(noticeOf(), undefined, NEVER);
    expect(mails[0]?.body).toContain('https://gateway.bank.example/approvals/a1/page');
    for (const hidden of ['dana', 'core-banking', 'Writes need'])
      expect(mails[0]?.body).not.toContain(hidden);
  });

  it('gets no header, recipient, line or markup from what clients and servers call themselves', async () => {
    const { port, mails } = await startServer();
    const item = noticeOf().item;
    const hostile = noticeOf(
      {},
      {
        server: HOSTILE,
        tool: HOSTILE,
        requester: { ...item.requester, principal: HOSTILE, agent: HOSTILE },
        reasons: [{ id: 'x', says: HOSTILE }],
      },
    );
    await channelTo(port).deliver(hostile, undefined, NEVER);
    const { head = '', body = '', to } = mails[0] ?? {};
    expect(to).toEqual(['m1@bank.example', 'm2@bank.example']);
    expect(head).not.toMatch(/^bcc:/im);
    expect(body).not.toMatch(/^bcc:/im);
    expect(body).not.toContain('\u202e');
    expect(body.slice(body.indexOf('<!doctype'))).not.toContain('<script');
    expect(body).toContain('&lt;script&gt;');
  });

  it.each([
    'https://evil.example/approvals/a1/page',
    'HTTPS:\\\\evil.example',
    'www.evil.example',
    'evil.example/approve',
  ])('has no link but its own, whatever an agent calls itself: %s', (agent) => {
    const notice = noticeOf();
    const { requester } = notice.item;
    const hostile = noticeOf({}, { requester: { ...requester, agent }, reasons: [{ id: 'x', says: agent }] });
    const { text, html } = mailText(hostile, true);
    for (const written of [text, html]) {
      expect(written).toContain('evil[.]example');
      expect(written).not.toMatch(/(?:https?:[/\\]{2}|www\.)evil/i);
    }
  });

  it('of the same approval stands in the thread of the first', async () => {
    const { port, mails } = await startServer();
    const channel = channelTo(port);
    const first = await channel.deliver(noticeOf(), undefined, NEVER);
    const second = await channel.deliver(noticeOf({ id: 'a1_3', kind: 'reminder' }), first, NEVER);
    expect(mails[1]?.head).toMatch(/^In-Reply-To: <a1_0@bank\.example>\r$/m);
    expect(second).toEqual(first);
    expect(first).toEqual({ reference: { first: 'a1_0', refused: 0 } });
  });

  it('about the end of what was never told is not sent', async () => {
    const { port, mails } = await startServer();
    const channel = channelTo(port, { kinds: ['requested', 'resolved'] });
    const notice = noticeOf({ kind: 'resolved' }, { status: 'denied' });
    await channel.deliver(notice, undefined, NEVER);
    expect(mails).toEqual([]);
    await channel.deliver(notice, { reference: { first: 'a1_0' } }, NEVER);
    expect(mails).toHaveLength(1);
  });
});

describe('mail', () => {
  it.each<[string, SMTPServerOptions, Record<string, unknown>, object, string]>([
    [
      'to a server without STARTTLS',
      { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] },
      {},
      {},
      'smtp_500',
    ],
    ['to a server with a certificate of an unknown authority', {}, {}, { trusted: '' }, 'ESOCKET'],
    ['to a server that takes no login', { authOptional: true, disabledCommands: ['AUTH'] }, {}, {}, 'smtp_'],
    ['with a wrong password', {}, {}, { password: 'wrong' }, 'smtp_535'],
  ])('%s is not sent, and tried again', async (_, server, options, secrets, reason) => {
    const { port, mails } = await startServer(server);
    const error = await failureOf(channelTo(port, options, secrets));
    expect(error).toMatchObject({ name: 'DeliveryError' });
    expect((error as { reason: string }).reason).toMatch(new RegExp(`^${reason}`));
    expect((error as { options: { final?: boolean } }).options.final).not.toBe(true);
    expect(mails).toEqual([]);
  });

  it('is sent over TLS from the first byte where the server wants it so', async () => {
    const { port, mails } = await startServer({ secure: true });
    await channelTo(port, { smtp: { tls: 'implicit' } }).deliver(noticeOf(), undefined, NEVER);
    expect(mails).toMatchObject([{ secure: true }]);
  });

  it('that every recipient refuses for good is given up, and one that some refuse is sent', async () => {
    const refuse = (refused: RegExp): SMTPServerOptions => ({
      onRcptTo: ({ address }, _, done) => {
        const error = Object.assign(new Error('unknown'), { responseCode: 550 });
        done(refused.test(address) ? error : null);
      },
    });
    const none = await startServer(refuse(/./));
    expect(await failureOf(channelTo(none.port))).toMatchObject({
      reason: 'smtp_550',
      options: { final: true },
    });
    const some = await startServer(refuse(/^m1/));
    const sent = await channelTo(some.port).deliver(noticeOf(), undefined, NEVER);
    expect(sent.reference).toMatchObject({ refused: 1 });
    expect(some.mails).toMatchObject([{ to: ['m2@bank.example'] }]);
  });

  it('to a server that hangs ends with the signal', async () => {
    const { port } = await startServer({ onConnect: () => undefined });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const before = performance.now();
    const error = await channelTo(port)
      .deliver(noticeOf(), undefined, stop.signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'DeliveryError' });
    expect(performance.now() - before).toBeLessThan(30_000);
  });

  it('takes the kinds it is for, and roles that somebody is listed for', () => {
    const channel = channelTo(25);
    expect(channel.takes({ kind: 'requested', roles: ['manager'] })).toBe(true);
    expect(channel.takes({ kind: 'voted', roles: ['manager'] })).toBe(false);
    expect(channel.takes({ kind: 'requested', roles: ['constructor', 'risk'] })).toBe(false);
  });

  it.each([
    { from: 'x@bank.example\r\nBcc: evil@evil.example' },
    { to: { manager: ['x@bank.example, evil@evil.example'] } },
    { to: { manager: [] } },
    { to: { manager: Array.from({ length: 51 }, (_, index) => `m${index}@bank.example`) } },
  ])('cannot be configured with %j', (options) => {
    expect(() => channelTo(25, options)).toThrow();
  });
});
