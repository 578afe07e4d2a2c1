import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSmtpServer } from '../notify/smtp.fixture.js';
import { type Certificate, makeCertificate } from '../setup/certificate.js';
import { bankUpstream, startBank } from './support/bank.js';
import { holdUpdate } from './support/held-calls.js';
import { demoPolicy } from './support/policies.js';
import { approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';
import { startWebhookReceiver, type WebhookReceiver } from './support/webhook-receiver.js';

const SECRETS = ['first', 'second'].map(
  (word) => `whsec_${Buffer.from(`${word} secret of the test, long enough`).toString('base64')}`,
);

let stage: Stage;
let system: PrivateSystem;
let manager: Awaited<ReturnType<typeof approver>>;
let siem: WebhookReceiver;
let chat: WebhookReceiver;
let directors: WebhookReceiver;
let dead: WebhookReceiver;
let certificate: Certificate;
let post: Awaited<ReturnType<typeof startSmtpServer>>;

beforeAll(async () => {
  stage = await openStage();
  const [first = '', second = ''] = SECRETS;
  siem = await startWebhookReceiver(stage, first);
  // Has the new secret already, or the old one still: both sign.
  chat = await startWebhookReceiver(stage, second);
  directors = await startWebhookReceiver(stage, first);
  dead = await startWebhookReceiver(stage, first);
  dead.answer(410);
  certificate = makeCertificate();
  stage.defer(certificate.remove);
  post = await startSmtpServer(certificate);
  stage.defer(post.close);
  const password = join(stage.folder, 'smtp-password');
  await writeFile(password, 'right\n');
  const bank = await startBank(stage);
  const files = await Promise.all(
    SECRETS.map(async (secret, index) => {
      const file = join(stage.folder, `secret-${index}`);
      await writeFile(file, `${secret}\n`);
      return { file };
    }),
  );
  const webhooks = [
    { name: 'siem', url: siem.url, secrets: [files[0]], arguments: true },
    { name: 'chat', url: chat.url, secrets: files, kinds: ['requested', 'resolved'] },
    { name: 'directors', url: directors.url, secrets: [files[0]], roles: ['director'] },
    { name: 'dead', url: dead.url, secrets: [files[0]] },
  ];
  const smtp = {
    host: '127.0.0.1',
    port: post.port,
    user: 'gateway',
    password: { file: password },
    ca_file: certificate.ca_file,
  };
  const mail = { smtp, from: 'countersign@bank.example', to: { manager: ['managers@bank.example'] } };
  system = await startPrivate(stage, {
    policy: demoPolicy(),
    upstreams: [bankUpstream(bank)],
    settings: { approvals: { notify: { webhooks, mail } } },
  });
  manager = await approver(system, 'manager-1');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const hold = (notes: string) => holdUpdate(system, manager, notes);

const typesAt = ({ received }: WebhookReceiver, approvalId: string): readonly string[] =>
  received.filter(({ data }) => data.approval.id === approvalId).map(({ type }) => type);

describe('mail', () => {
  it('tells those who may vote, with a link and no arguments', async () => {
    const { held, end } = await hold('told by mail');
    const mail = await waitUntil('the mail', () => post.mails.find(({ body }) => body.includes(held.id)));
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
    expect(mail).toMatchObject({ to: ['managers@bank.example'], secure: true, user: 'gateway' });
    expect(mail.body).toContain(`${system.urls.approval}/approvals/${held.id}/page`);
    expect(mail.body).toContain('core-banking / update_customer');
    expect(mail.body).not.toContain('told by mail');
  });
});

describe('a webhook', () => {
  it('tells what happens to an approval, in order and signed, with no more than approvers see', async () => {
    const { held, end } = await hold('told in order');
    await waitUntil('the request', () => typesAt(siem, held.id).includes('approval.requested'));
    await manager.approve(held.id, { digest: held.digest });
    await waitUntil('the end', () => typesAt(siem, held.id).includes('approval.resolved'));
    await end();
    const types = typesAt(siem, held.id);
    expect(types[0]).toBe('approval.requested');
    expect(types.at(-1)).toBe('approval.resolved');
    const mine = siem.received.filter(({ data }) => data.approval.id === held.id);
    expect(mine[0]?.data).toMatchObject({
      roles: ['manager'],
      url: `${system.urls.approval}/approvals/${held.id}/page`,
      approval: { status: 'pending', digest: held.digest, arguments: held.arguments },
    });
    expect(mine.at(-1)?.data.approval.status).toMatch(/^(?:granted|used)$/);
    expect(mine[0]?.body).not.toContain(system.issuer.url);
    expect(new Set(mine.map(({ id }) => id)).size).toBe(mine.length);
    expect(siem.forged() + chat.forged() + directors.forged()).toBe(0);
  });

  it('gets only the kinds and roles it is for, and the arguments only when it is to have them', async () => {
    const { held, end } = await hold('for whom');
    await manager.deny(held.id, { digest: held.digest, reason: 'not today' });
    await waitUntil('the end', () => typesAt(chat, held.id).includes('approval.resolved'));
    await end();
    expect(directors.received).toEqual([]);
    expect(chat.received.map(({ type }) => type)).not.toContain('approval.voted');
    expect(chat.received.some(({ body }) => body.includes('arguments'))).toBe(false);
    const last = chat.received.findLast(({ data }) => data.approval.id === held.id);
    expect(last?.data.approval).toMatchObject({ status: 'denied', reason: 'not today' });
  });

  it('that says 410 is not asked again about the same thing, and holds nobody up', async () => {
    const { held, end } = await hold('nobody there');
    await waitUntil('the others', () => typesAt(siem, held.id).includes('approval.requested'));
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await waitUntil('the end', () => typesAt(dead, held.id).includes('approval.resolved'));
    await end();
    expect(new Set(dead.received.map(({ id }) => id)).size).toBe(dead.received.length);
  });

  it('and every other channel has its attempts counted', async () => {
    const metrics = await (await fetch(`${system.urls.approval}/metrics`)).text();
    expect(metrics).toMatch(/countersign_notices_total\{channel="mail",outcome="sent"\} [1-9]/);
    expect(metrics).toMatch(/countersign_notices_total\{channel="webhook:dead",outcome="given_up"\} [1-9]/);
    expect(metrics).toMatch(/countersign_notices_pending\{channel="webhook:siem"\} \d/);
  });

  it('that was down over a restart is told then, with the same id, and only what still matters', async () => {
    siem.answer(503);
    const { held } = await hold('while it is down');
    await waitUntil('an attempt', () => typesAt(siem, held.id).includes('approval.requested'));
    await serviceOf(system, 'countersign').kill();
    await serviceOf(system, 'countersign').start();
    siem.answer(204);
    await manager.deny(held.id, { digest: held.digest, reason: 'too late' });
    await waitUntil('the end', () => typesAt(siem, held.id).includes('approval.resolved'), 40_000);
    await waitUntil('the end elsewhere', () => typesAt(chat, held.id).includes('approval.resolved'), 40_000);
  }, 90_000);

  it('has all of it on record, with nothing about people', async () => {
    const events = (await (await examiner(system)).events()).filter(({ stream }) =>
      stream.startsWith('notice-'),
    );
    const types = new Set(events.map(({ type }) => type));
    expect(types).toEqual(new Set(['NoticeIntended', 'NoticeSent', 'NoticeFailed']));
    expect(JSON.stringify(events.map(({ data }) => data))).not.toMatch(/engineer|manager-|@/);
    const gone = events.find(
      ({ type, data }) => type === 'NoticeFailed' && data['channel'] === 'webhook:dead',
    );
    expect(gone?.data).toMatchObject({ reason: 'http_410', final: true });
  });
});
