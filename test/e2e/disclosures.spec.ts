import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './support/agents.js';
import { demoCustomer } from './support/personal-data.js';
import { examiner } from './support/rest.js';
import { openStage } from './support/stage.js';
import { startDemo } from './support/standalone.js';
import { connect, type System } from './support/system.js';

interface Item {
  readonly id: string;
  readonly status: string;
  readonly digest: string;
  readonly until?: string;
  readonly code?: string;
}
interface Opened {
  readonly salt: string;
  readonly bytes: string;
  readonly text: string;
  readonly commit: string;
  readonly code?: string;
}

const stage = await openStage();
let system: System;
let callId = '';
const ssn = demoCustomer(0).ssn;

const ask = async <Body>(
  user: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Body }> => {
  const token = await system.issuer.token(user);
  const response = await fetch(`${system.urls.ledger}/ledger/disclosures${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as Body };
};
const request = (user: string, reason = 'complaint 4711') => ask<Item>(user, '', { call: callId, reason });
const typesAbout = async (id: string) =>
  (await (await examiner(system)).events())
    .filter(({ stream }) => stream === `disclosure-${id}`)
    .map(({ type }) => type);

beforeAll(async () => {
  system = await startDemo(stage);
  const analyst = await connect(system, 'SDK v2', 'risk-analyst', 'core-banking');
  const shown = await analyst.call('get_customer', { customer_id: demoCustomer(0).id });
  expect(textOf(shown)).not.toContain(ssn);
  await analyst.close();
  const [call] = await (await examiner(system)).calls();
  callId = call?.id ?? '';
}, 90_000);
afterAll(() => stage.close(), 30_000);

describe('a sealed original', () => {
  it('is shown to the examiner who asked, after a second person approved, and every step is on record', async () => {
    const asked = await request('examiner');
    expect(asked).toMatchObject({ status: 201, body: { status: 'pending' } });
    const { id, digest } = asked.body;
    expect((await ask<Opened>('examiner', `/${id}/open`, {})).body.code).toBe('disclosure_not_open');
    expect((await ask<Item>('examiner', `/${id}/approve`, { digest })).body.code).toBe(
      'approver_is_requester',
    );
    expect((await ask<Item>('operator', `/${id}/approve`, { digest })).body.code).toBe(
      'approver_not_eligible',
    );
    expect((await ask<Item>('manager-1', `/${id}/approve`, {})).body.code).toBe('digest_mismatch');
    expect(await ask<Item>('manager-1', `/${id}/approve`, { digest })).toMatchObject({
      status: 200,
      body: { status: 'granted' },
    });
    expect((await ask<Opened>('manager-1', `/${id}/open`, {})).body.code).toBe('disclosure_not_open');
    const opened = await ask<Opened>('examiner', `/${id}/open`, {});
    expect(opened.status).toBe(200);
    expect(opened.body.text).toContain(ssn);
    const salted = Buffer.concat(
      [opened.body.salt, opened.body.bytes].map((part) => Buffer.from(part, 'base64')),
    );
    expect(`sha256:${createHash('sha256').update(salted).digest('hex')}`).toBe(opened.body.commit);
    expect(await typesAbout(id)).toEqual([
      'DisclosureRequested',
      'DisclosureVoted',
      'DisclosureGranted',
      'DisclosureOpened',
    ]);
    const refused = (await (await examiner(system)).events()).filter(
      ({ type, data }) => type === 'RequestRefused' && data['where'] === 'disclosures',
    );
    expect(refused.map(({ data }) => data['code'])).toEqual([
      'disclosure_not_open',
      'approver_is_requester',
      'approver_not_eligible',
      'digest_mismatch',
      'disclosure_not_open',
    ]);
  });

  it('stays closed when the second person denies, and for those who are no examiners', async () => {
    const { id, digest } = (await request('examiner')).body;
    expect((await ask<Item>('manager-2', `/${id}/deny`, { digest })).body.code).toBe('reason_missing');
    expect(await ask<Item>('manager-2', `/${id}/deny`, { digest, reason: 'not needed' })).toMatchObject({
      body: { status: 'denied' },
    });
    expect((await ask<Opened>('examiner', `/${id}/open`, {})).body.code).toBe('disclosure_not_open');
    expect((await request('risk-analyst')).body.code).toBe('forbidden');
    expect((await request('examiner', '  ')).body.code).toBe('reason_missing');
    expect((await ask<Item>('risk-analyst', '')).body.code).toBe('forbidden');
    expect(
      (await ask<{ items: readonly Item[] }>('examiner', '')).body.items.map(({ status }) => status),
    ).toEqual(['denied', 'granted']);
  });

  it('leaves nothing of itself in the events', async () => {
    expect(JSON.stringify(await (await examiner(system)).events())).not.toContain(ssn);
  });
});
