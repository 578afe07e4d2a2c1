import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEV_APPROVAL_CLIENT_ID } from '#identity/dev-token-request.js';
import { formTokenIn, LOOKS_LIKE_TOKEN, type PageSession, signInByHand } from './support/approver-page.js';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicy } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, outputOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

interface Sent {
  readonly headers?: Record<string, string>;
  readonly form?: (good: URLSearchParams) => URLSearchParams | string;
  readonly status: number;
  readonly code: string;
}

describe('a form of the approval page', () => {
  let stage: Stage;
  let system: PrivateSystem;
  let held: Approval;
  let other: Approval;
  let session: PageSession;
  beforeAll(async () => {
    stage = await openStage();
    const bank = await startBank(stage);
    system = await startPrivate(stage, {
      policy: demoPolicy(),
      upstreams: [bankUpstream(bank)],
      settings: (issuer) => ({
        approvals: { hold_ms: 200, login: { issuer, client_id: DEV_APPROVAL_CLIENT_ID } },
      }),
    });
    const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    for (const notes of ['one', 'two'])
      await engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes } });
    await engineer.close();
    const manager = await approver(system, 'manager-1');
    const pending = await waitUntil('two approvals', async () => {
      const list = await manager.list('pending');
      return list.length === 2 ? list : undefined;
    });
    const [first, second] = pending;
    if (first === undefined || second === undefined) throw new Error('two approvals');
    [held, other] = [first, second];
    session = await signInByHand(system, 'manager-1');
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  const path = () => `/approvals/${held.id}/page`;
  const goodForm = async (by = session, id = held.id): Promise<URLSearchParams> => {
    const page = await (await by.get(`/approvals/${id}/page`)).text();
    return new URLSearchParams({ form: formTokenIn(page), digest: held.digest, vote: 'approve', reason: '' });
  };
  const refused = async () =>
    (await (await examiner(system)).events()).filter(({ type }) => type === 'RequestRefused');
  const changed = (form: URLSearchParams, name: string, value: string | undefined) => {
    const copy = new URLSearchParams(form);
    if (value === undefined) copy.delete(name);
    else copy.set(name, value);
    return copy;
  };

  it.each<readonly [string, Sent]>([
    [
      'from another origin',
      { headers: { origin: 'https://evil.example' }, status: 403, code: 'form_refused' },
    ],
    ['from an origin that is none', { headers: { origin: 'null' }, status: 403, code: 'form_refused' }],
    [
      'that a browser says is from elsewhere',
      { headers: { 'sec-fetch-site': 'same-site' }, status: 403, code: 'form_refused' },
    ],
    [
      'without its token',
      { form: (good) => changed(good, 'form', undefined), status: 403, code: 'form_refused' },
    ],
    [
      'with a made-up token',
      { form: (good) => changed(good, 'form', 'A'.repeat(43)), status: 403, code: 'form_refused' },
    ],
    [
      'with another digest',
      {
        form: (good) => changed(good, 'digest', `sha256:${'0'.repeat(64)}`),
        status: 409,
        code: 'digest_mismatch',
      },
    ],
    [
      'without a digest',
      { form: (good) => changed(good, 'digest', undefined), status: 409, code: 'digest_mismatch' },
    ],
    [
      'that denies with a blank reason',
      {
        form: (good) => changed(changed(good, 'vote', 'deny'), 'reason', '  '),
        status: 400,
        code: 'reason_missing',
      },
    ],
    [
      'that votes something else',
      { form: (good) => changed(good, 'vote', 'maybe'), status: 400, code: 'body_invalid' },
    ],
    ['with two votes', { form: (good) => `${good}&vote=deny`, status: 400, code: 'body_invalid' }],
    [
      'with too long a reason',
      { form: (good) => changed(good, 'reason', 'x'.repeat(2_001)), status: 400, code: 'body_invalid' },
    ],
    [
      'with a field that there is not',
      { form: (good) => `${good}&role=manager`, status: 400, code: 'body_invalid' },
    ],
    ['for another host', { headers: { host: 'evil.example' }, status: 403, code: 'origin_refused' }],
    ['without a session', { headers: { cookie: '' }, status: 400, code: 'login_failed' }],
    [
      'with a session that was changed',
      { headers: { cookie: 'countersign-approver-0=1~AAAA' }, status: 400, code: 'login_failed' },
    ],
  ])('%s is refused, on record, and nothing is counted', async (_, { headers, form, status, code }) => {
    const good = await goodForm();
    const before = (await refused()).length;
    const sent = form === undefined ? good : form(good);
    const answer = await session.post(path(), sent, headers);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(code);
    await waitUntil(
      'the record',
      async () => (await refused()).slice(before).some(({ data }) => data['code'] === code) || undefined,
    );
    expect((await (await approver(system, 'manager-1')).one(held.id)).votes).toEqual([]);
  });

  it('is good for its own approval and its own session only', async () => {
    const colleague = await signInByHand(system, 'manager-2');
    const forOther = await goodForm(session, other.id);
    const ofOther = await goodForm(colleague);
    const good = await goodForm();
    for (const form of [forOther, ofOther])
      expect((await session.post(path(), changed(good, 'form', form.get('form') ?? ''))).status).toBe(403);
    expect((await (await approver(system, 'manager-1')).one(held.id)).votes).toEqual([]);
  });

  it('counts once, however often it is sent', async () => {
    const good = await goodForm();
    const answers = await Promise.all(Array.from({ length: 5 }, () => session.post(path(), good)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.text).toContain('approval_closed');
    const after = await (await approver(system, 'manager-1')).one(held.id);
    expect(after).toMatchObject({ status: 'granted', votes: [{ approver: 'manager-1' }] });
  });

  it('leaves no token and no session in any log', () => {
    expect(outputOf(system)).not.toMatch(LOOKS_LIKE_TOKEN);
    const sealed = session.cookie().split('~')[1] ?? '';
    expect(sealed.length).toBeGreaterThan(100);
    expect(outputOf(system)).not.toContain(sealed.slice(0, 60));
  });
});
