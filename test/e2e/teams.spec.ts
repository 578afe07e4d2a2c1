import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey, nowSeconds } from '#identity/issuer.fixture.js';
import {
  APP_ID,
  APP_SECRET,
  type BotFramework,
  buttonOf,
  CHANNEL_ID,
  invokeOf,
  type Message,
  startBotFramework,
  TENANT,
} from '../teams/bot-framework.js';
import { assertCard } from '../teams/card-schema.js';
import { bankUpstream, startBank } from './support/bank.js';
import { holdUpdate } from './support/held-calls.js';
import { demoPolicyWith, withDelegates } from './support/policies.js';
import { type Approval, approver, examiner, type LedgerEntry } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

type Json = Readonly<Record<string, unknown>>;
const MANAGER = '00000000-0000-4000-8000-000000000001';
const MANAGER_2 = '00000000-0000-4000-8000-000000000002';
const ENGINEER = '00000000-0000-4000-8000-000000000003';
const CLERK = '00000000-0000-4000-8000-000000000004';
const DEPUTY = '00000000-0000-4000-8000-000000000005';
const OWNER = '00000000-0000-4000-8000-000000000006';
const AUDITOR = '00000000-0000-4000-8000-000000000007';
const STRANGER = '00000000-0000-4000-8000-000000000009';

const BREAK_GLASS = '{ roles: [policy-owner, auditor], review: [examiner], within: 1h }';

let stage: Stage;
let system: PrivateSystem;
let teams: BotFramework;
let file: string;
let manager: Awaited<ReturnType<typeof approver>>;

/** Who is who in Teams: the same accounts that call and approve elsewhere. */
const writePeople = async (users: Readonly<Record<string, string>>): Promise<void> => {
  const people: Record<string, Json> = {};
  for (const [objectId, user] of Object.entries(users)) {
    const { iss, sub, preferred_username, groups } = decodeJwt(await system.issuer.token(user));
    people[objectId] = { issuer: iss, subject: sub, principal: preferred_username ?? sub, groups };
  }
  await writeFile(file, JSON.stringify(people));
};
const EVERYBODY = {
  [MANAGER]: 'manager-1',
  [MANAGER_2]: 'manager-2',
  [ENGINEER]: 'data-engineer',
  [CLERK]: 'examiner',
  [DEPUTY]: 'operator',
  [OWNER]: 'policy-owner-1',
  [AUDITOR]: 'auditor',
};

beforeAll(async () => {
  stage = await openStage();
  teams = await startBotFramework();
  stage.defer(teams.close);
  const bank = await startBank(stage);
  file = join(stage.folder, 'people.yaml');
  const secret = join(stage.folder, 'bot-secret');
  await writeFile(secret, `${APP_SECRET}\n`);
  const bot = {
    ...{ app_id: APP_ID, app_secret: { file: secret }, tenant: TENANT, people: { file } },
    ...{ service_url: teams.serviceUrl, token_url: `${teams.url}/token` },
    openid_metadata: `${teams.url}/metadata`,
    to: [
      { name: 'managers', channel: CHANNEL_ID },
      { name: 'boss', person: MANAGER, roles: ['manager'] },
      { name: 'directors', person: STRANGER, roles: ['director'] },
    ],
  };
  system = await startPrivate(stage, {
    policy: withDelegates(
      demoPolicyWith(
        'approval: { by: [manager], count: 1, expires: 30m }',
        `approval: { by: [manager], count: 1, expires: 30m, break_glass: ${BREAK_GLASS} }`,
      ),
    ),
    upstreams: [bankUpstream(bank)],
    settings: { approvals: { teams: bot } },
  });
  await writePeople(EVERYBODY);
  manager = await approver(system, 'manager-1');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const hold = (notes: string) => holdUpdate(system, manager, notes);

const post = async (activity: unknown, token: string | undefined) => {
  const response = await fetch(`${system.urls.approval}/approvals/teams/messages`, {
    method: 'POST',
    body: JSON.stringify(activity),
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  });
  return { status: response.status, body: (await response.json()) as Json };
};
/** Somebody presses a button in Teams. */
const press = async (by: string, verb: string, data: Json) => {
  const { status, body } = await post(invokeOf({ verb, data, by }, teams.serviceUrl), await teams.token());
  expect(status).toBe(200);
  if (body['type'] === 'application/vnd.microsoft.card.adaptive') assertCard(body['value']);
  return { type: String(body['type']), card: body['value'] as Json, text: JSON.stringify(body['value']) };
};
const cardsOf = ({ id }: Approval) =>
  [...teams.messages.values()].filter(({ versions }) =>
    JSON.stringify(versions[0]).includes(`"approvalId":"${id}"`),
  );
const firstCard = ({ versions }: { readonly versions: readonly Json[] }): Json => versions[0] ?? {};
const lastText = ({ versions }: { readonly versions: readonly Json[] }) => JSON.stringify(versions.at(-1));

/** How many notices of it to Teams are on record as ended so. */
const onRecord =
  (ending: 'NoticeSent' | 'NoticeFailed') =>
  async ({ id }: Approval): Promise<number> =>
    (await (await examiner(system)).events()).filter(
      ({ type, stream }) => type === ending && stream.startsWith(`notice-${id}.teams:`),
    ).length;
const sent = onRecord('NoticeSent');
const failed = onRecord('NoticeFailed');

const refusals = async (): Promise<readonly LedgerEntry[]> =>
  (await (await examiner(system)).events()).filter(
    ({ type, data }) => type === 'RequestRefused' && String(data['where']).startsWith('approvals/'),
  );
/** Does it, and gives what the approval service refused meanwhile: clients of calls that ended knock at the ingress, too. */
const refusedBy = async (act: () => Promise<unknown>): Promise<readonly Json[]> => {
  const before = (await refusals()).length;
  await act();
  return (await refusals()).slice(before).map(({ data }) => data);
};

describe('a call that waits', () => {
  it('is told in the channel and to the person, approved on a card, and every card shows it', async () => {
    const { held, end } = await hold('approved in Teams');
    const cards = await waitUntil('two cards', () =>
      cardsOf(held).length === 2 ? cardsOf(held) : undefined,
    );
    expect(cards.map(({ conversation }) => conversation.replace(/\d+$/, 'N')).sort()).toEqual([
      `${CHANNEL_ID};messageid=N`,
      'a:N'.replace('N', MANAGER.slice(0, 8)).replace(/\d+$/, 'N'),
    ]);
    for (const card of cards) {
      expect(JSON.stringify(firstCard(card))).toContain('core-banking / update_customer');
      expect(JSON.stringify(firstCard(card)).replaceAll('\u200b', '')).toContain(held.digest);
      // Who reads the channel is not known.
      expect(JSON.stringify(card.versions)).not.toContain('approved in Teams');
    }
    const view = await press(MANAGER, 'show', buttonOf(firstCard(cards[0] ?? { versions: [] }), 'show'));
    expect(view.text).toContain('approved in Teams');
    const data = { ...buttonOf(view.card, 'approve'), reason: 'checked with the branch' };
    const voted = await press(MANAGER, 'approve', data);
    expect(voted.text).toContain('Your approval counts.');
    expect(await end()).not.toMatchObject({ isError: true });
    await waitUntil('the cards', () => cardsOf(held).every((card) => /Approved/.test(lastText(card))));
    for (const card of cardsOf(held)) expect(() => buttonOf(card.versions.at(-1) ?? {}, 'show')).toThrow();
    const events = (await (await examiner(system)).transcript(held.callId)).approval?.events ?? [];
    expect(events.find(({ type }) => type === 'ApprovalVoted')?.data).toMatchObject({
      vote: 'approve',
      reason: 'checked with the branch',
      approver: { principal: 'manager-1' },
    });
    expect(teams.mistakes).toEqual([]);
    expect(teams.tokens()).toBe(2);
  });

  it('is approved on a card by a delegate, on record for whom; without the delegation there is no button', async () => {
    const { held, end } = await hold('approved by a deputy');
    const shown = { approvalId: held.id };
    expect((await press(DEPUTY, 'show', shown)).text).toContain('approval_unknown');
    const to = { issuer: system.issuer.url, subject: 'operator', principal: 'operator' };
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const given = await manager.delegate({ to, roles: ['manager'], until, uses: 1, reason: 'holiday' });
    expect(given.status).toBe(200);
    const view = await waitUntil('the buttons', async () => {
      const looked = await press(DEPUTY, 'show', shown);
      return looked.text.includes('approval_unknown') ? undefined : looked;
    });
    const voted = await press(DEPUTY, 'approve', buttonOf(view.card, 'approve'));
    expect(voted.text).toContain('Your approval counts.');
    expect(await end()).not.toMatchObject({ isError: true });
    const events = (await (await examiner(system)).transcript(held.callId)).approval?.events ?? [];
    expect(events.find(({ type }) => type === 'ApprovalVoted')?.data).toMatchObject({
      approver: { principal: 'operator' },
      onBehalfOf: { person: { principal: 'manager-1' } },
    });
  });

  it('is granted by two people in an emergency and reviewed on cards, as the decider says', async () => {
    const { held, end } = await hold('granted in an emergency');
    const shown = { approvalId: held.id };
    const looks = async (by: string) => (await press(by, 'show', shown)).card;
    const others = { ...shown, digest: held.digest, emergency: 'core down' };
    for (const [by, code] of [
      [MANAGER, 'approver_not_eligible'],
      [ENGINEER, 'approver_is_requester'],
    ] as const) {
      const card = await looks(by);
      expect(() => buttonOf(card, 'break-glass')).toThrow();
      const refused = await refusedBy(() => press(by, 'break-glass', others));
      expect(refused).toMatchObject([{ code, where: 'approvals/teams' }]);
    }
    const button = buttonOf(await looks(OWNER), 'break-glass');
    expect((await press(OWNER, 'break-glass', button)).text).toContain('say what the emergency is');
    const first = await press(OWNER, 'break-glass', { ...button, emergency: 'core down' });
    expect(first.text).toContain('You have asked to break the glass.');
    expect(() => buttonOf(first.card, 'break-glass')).toThrow();
    expect(await refusedBy(() => press(OWNER, 'break-glass', others))).toHaveLength(1);
    const second = { ...buttonOf(await looks(AUDITOR), 'break-glass'), emergency: 'seen' };
    expect((await press(AUDITOR, 'break-glass', second)).text).toContain('The glass is broken');
    expect(await end()).not.toMatchObject({ isError: true });
    const review = buttonOf(await looks(CLERK), 'not_justified');
    expect((await press(CLERK, 'not_justified', review)).text).toContain('say what you found');
    const found = { ...review, reason: 'it could wait' };
    expect((await press(CLERK, 'not_justified', found)).text).toContain('Your review is on record.');
    const isTold = (card: Message) => lastText(card).includes('found it not justified');
    await waitUntil('the card of the channel', () => cardsOf(held).some(isTold));
    expect(JSON.stringify(cardsOf(held))).not.toMatch(/core down|it could wait/);
    const events = (await (await examiner(system)).transcript(held.callId)).approval?.events ?? [];
    expect(
      events.filter(({ type }) => type === 'BreakGlassInvoked').map(({ data }) => data['reason']),
    ).toEqual([...['core down', 'seen']]);
    expect(events.find(({ type }) => type === 'ApprovalReviewed')?.data).toMatchObject({
      verdict: 'not_justified',
      reviewer: { principal: 'examiner' },
    });
  });

  it('is denied on a card with a reason only, and the requester reads it', async () => {
    const { held, end } = await hold('denied in Teams');
    const data = { approvalId: held.id, digest: held.digest };
    expect((await press(MANAGER, 'deny', data)).text).toContain('A denial needs a reason.');
    expect((await press(MANAGER, 'deny', { ...data, reason: 'wrong branch' })).text).toContain('Denied');
    expect(JSON.stringify(await end())).toContain('wrong branch');
  });

  it('is told after the connector was away, with its state of then', async () => {
    teams.refuse(503);
    const { held, end } = await hold('told late');
    await waitUntil('an attempt in each conversation', async () => (await failed(held)) >= 2);
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
    // Nothing was told, so there is nothing to tell of its end. What was on its way before is over, too.
    await waitUntil('the end on record', async () => (await sent(held)) === 2);
    teams.refuse(0);
    const { held: next, end: endNext } = await hold('told after it');
    await waitUntil('its card', () => cardsOf(next).length === 2);
    expect(cardsOf(held)).toEqual([]);
    await manager.deny(next.id, { digest: next.digest, reason: 'no' });
    await endNext();
    await waitUntil('its end', () => cardsOf(next).every((card) => /Denied/.test(lastText(card))));
  });

  it('keeps its cards over a restart', async () => {
    const { held, end } = await hold('over a restart');
    // A card that arrived and is not on record yet is sent again: at least once.
    await waitUntil('the cards on record', async () => (await sent(held)) === 2);
    const countersign = serviceOf(system, 'countersign');
    await countersign.kill();
    await countersign.start();
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    const isTold = () => cardsOf(held).every((card) => /Denied/.test(lastText(card)));
    await waitUntil('the end', isTold, 40_000);
    expect(cardsOf(held)).toHaveLength(2);
    await end();
  }, 90_000);
});

describe('a message that Bot Framework did not send for this bot', () => {
  const forged: readonly [string, () => Promise<string | undefined>, string][] = [
    ['no token', async () => undefined, 'token_missing'],
    ['another issuer', () => teams.token({ iss: 'https://evil.example' }), 'token_invalid'],
    ['another bot as audience', () => teams.token({ aud: TENANT }), 'token_invalid'],
    ['a token that has expired', () => teams.token({ exp: nowSeconds() - 1 }), 'token_expired'],
    ['no expiry', () => teams.token({ exp: undefined }), 'token_invalid'],
    ['a token of tomorrow', () => teams.token({ nbf: nowSeconds() + 86_400 }), 'token_invalid'],
    ['another service address', () => teams.token({ serviceurl: 'https://evil.example/' }), 'token_invalid'],
    [
      'an address that only begins alike',
      () => teams.token({ serviceurl: `${teams.url}.evil.example` }),
      'token_invalid',
    ],
    ['an empty service address', () => teams.token({ serviceurl: '' }), 'token_invalid'],
    ['no service address', () => teams.token({ serviceurl: undefined }), 'token_invalid'],
    ['a key of another channel', () => teams.token({}, teams.unendorsed), 'token_invalid'],
    ['a key of nobody', async () => teams.token({}, await makeKey('bf-1')), 'token_invalid'],
    ['a key id of nobody', async () => teams.token({}, await makeKey('bf-9')), 'token_invalid'],
    [
      'no signature',
      async () => {
        const [, claims] = (await teams.token()).split('.');
        return `${Buffer.from('{"alg":"none","kid":"bf-1"}').toString('base64url')}.${claims}.`;
      },
      'token_invalid',
    ],
    [
      'claims changed',
      async () => {
        const [header, , signature] = (await teams.token()).split('.');
        const [, claims] = (await teams.token({ exp: nowSeconds() + 9_999 })).split('.');
        return `${header}.${claims}.${signature}`;
      },
      'token_invalid',
    ],
    ['a token of a person', () => system.issuer.token('manager-1'), 'token_invalid'],
  ];
  it.each(forged)('is refused and on record: %s', async (_, token, code) => {
    const { held, end } = await hold(`forged ${_}`);
    const data = { approvalId: held.id, digest: held.digest };
    const recorded = await refusedBy(async () => {
      const activity = invokeOf({ verb: 'approve', data, by: MANAGER }, teams.serviceUrl);
      expect(await post(activity, await token())).toMatchObject({ status: 401, body: { code } });
    });
    expect(recorded).toMatchObject([{ code, where: 'approvals/teams' }]);
    expect((await manager.one(held.id)).votes).toEqual([]);
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
  });

  it.each([
    ['another tenant', { conversation: { id: 'c', tenantId: STRANGER } }, 403, 'forbidden'],
    ['two tenants', { channelData: { tenant: { id: STRANGER } } }, 403, 'forbidden'],
    ['no tenant', { conversation: { id: 'c' }, channelData: {} }, 403, 'forbidden'],
    ['another channel', { channelId: 'webchat' }, 403, 'forbidden'],
    ['an unknown act', { value: { action: { verb: 'grant', data: {} } } }, 400, 'body_invalid'],
  ])('is refused and on record: %s', async (_, changes, status, code) => {
    const activity = invokeOf({ verb: 'show', data: { approvalId: 'a' }, by: MANAGER }, teams.serviceUrl);
    const recorded = await refusedBy(async () => {
      const answer = await post({ ...activity, ...changes }, await teams.token());
      expect(answer).toMatchObject({ status, body: { code } });
    });
    expect(recorded).toMatchObject([{ code, where: 'approvals/teams' }]);
  });
});

describe('a vote in Teams that must not count', () => {
  it.each([
    ['of the requester', ENGINEER, {}, 'approver_is_requester'],
    ['of somebody without the role', CLERK, {}, 'approver_not_eligible'],
    ['of an account that nobody knows', STRANGER, {}, 'approver_not_eligible'],
    ['with the digest of another card', MANAGER, { digest: `sha256:${'0'.repeat(64)}` }, 'digest_mismatch'],
    ['without a digest', MANAGER, { digest: undefined }, 'digest_mismatch'],
    ['on nothing', MANAGER, { approvalId: 'nothing' }, 'approval_unknown'],
  ])('%s is refused and on record', async (title, by, changes, code) => {
    const { held, end } = await hold(title);
    const data = { approvalId: held.id, digest: held.digest, ...changes };
    const recorded = await refusedBy(() => press(by, 'approve', data));
    expect(recorded).toMatchObject([{ code, where: 'approvals/teams' }]);
    expect(await manager.one(held.id)).toMatchObject({ status: 'pending', votes: [] });
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
  });

  it('is refused when the same invoke comes again', async () => {
    const { held, end } = await hold('replayed');
    const activity = invokeOf(
      { verb: 'approve', data: { approvalId: held.id, digest: held.digest }, by: MANAGER },
      teams.serviceUrl,
    );
    // The slash at the end is not always there.
    const token = await teams.token({ serviceurl: teams.url });
    expect((await post(activity, token)).status).toBe(200);
    await end();
    const recorded = await refusedBy(() => post(activity, token));
    expect(recorded).toMatchObject([{ code: 'approval_closed', where: 'approvals/teams' }]);
    const votes = (await manager.one(held.id)).votes;
    expect(votes).toHaveLength(1);
  });

  it('is refused as soon as the person is taken out of the file, and when the file cannot be read', async () => {
    const { held, end } = await hold('taken out');
    const data = { approvalId: held.id, digest: held.digest };
    await writePeople({ [MANAGER_2]: 'manager-2' });
    expect(await refusedBy(() => press(MANAGER, 'approve', data))).toMatchObject([
      { code: 'approver_not_eligible' },
    ]);
    await writeFile(file, 'people: [');
    expect(await refusedBy(() => press(MANAGER_2, 'approve', data))).toMatchObject([
      { code: 'identity_unavailable' },
    ]);
    await writePeople(EVERYBODY);
    expect((await manager.one(held.id)).votes).toEqual([]);
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
  });

  it('shows nobody more than their role may see', async () => {
    const { held, end } = await hold('seen by few');
    for (const by of [STRANGER, 'not an id'])
      expect((await press(by, 'show', { approvalId: held.id })).text).not.toContain('seen by few');
    const own = await press(ENGINEER, 'show', { approvalId: held.id });
    expect(own.text).toContain('You asked for this yourself.');
    expect(() => buttonOf(own.card, 'approve')).toThrow();
    await manager.deny(held.id, { digest: held.digest, reason: 'no' });
    await end();
  });
});
