import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimsFor, type FixtureKey, makeKey, sign, startIssuer } from '#identity/issuer.fixture.js';
import {
  APP_ID,
  APP_SECRET,
  type BotFramework,
  buttonOf,
  CHANNEL_ID,
  invokeOf,
  startBotFramework,
  TENANT,
} from '../teams/bot-framework.js';
import { bankUpstream, startBank } from './support/bank.js';
import { demoPolicy } from './support/policies.js';
import { approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

type Json = Readonly<Record<string, unknown>>;
const AUDIENCE = `api://botid-${APP_ID}`;
const MANAGER = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';

let stage: Stage;
let system: PrivateSystem;
let teams: BotFramework;
let entra: Awaited<ReturnType<typeof startIssuer>>;
let key: FixtureKey;

beforeAll(async () => {
  stage = await openStage();
  teams = await startBotFramework();
  stage.defer(teams.close);
  key = await makeKey('entra');
  entra = await startIssuer([key]);
  stage.defer(entra.close);
  const bank = await startBank(stage);
  const secret = join(stage.folder, 'bot-secret');
  await writeFile(secret, APP_SECRET);
  const bot = {
    ...{ app_id: APP_ID, app_secret: { file: secret }, tenant: TENANT },
    people: { sso: { issuer: entra.url, audience: AUDIENCE } },
    ...{ service_url: teams.serviceUrl, token_url: `${teams.url}/token` },
    openid_metadata: `${teams.url}/metadata`,
    to: [{ name: 'managers', channel: CHANNEL_ID }],
  };
  system = await startPrivate(stage, {
    policy: demoPolicy(),
    upstreams: [bankUpstream(bank)],
    settings: (issuer) => ({
      identity: { issuers: [{ issuer }, { issuer: entra.url, human_claim: 'oid' }] },
      approvals: { teams: bot },
    }),
  });
}, 60_000);
afterAll(() => stage.close(), 30_000);

/** Somebody presses a button; their client brings this token along. */
const press = async (verb: string, data: Json, token?: string): Promise<Json> => {
  const activity = invokeOf({ verb, data, by: MANAGER }, teams.serviceUrl);
  const authentication = { id: 'x', connectionName: 'countersign', token };
  const value = { ...(activity['value'] as Json), ...(token !== undefined && { authentication }) };
  const response = await fetch(`${system.urls.approval}/approvals/teams/messages`, {
    method: 'POST',
    body: JSON.stringify({ ...activity, value }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await teams.token()}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Json;
};
const tokenOf = (oid: string, groups: readonly string[]) =>
  sign(key, claimsFor(entra.url, AUDIENCE, { oid, groups, preferred_username: 'anna.manager' }));

it('a vote in Teams waits for single sign-on, and counts with the groups of that very person alone', async () => {
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  const waiting = engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes: 'signed in' } });
  const manager = await approver(system, 'manager-1');
  const held = await waitUntil('the approval', async () => (await manager.list('pending'))[0]);
  const card = await waitUntil('the card', () => [...teams.messages.values()][0]?.versions[0]);

  const show = buttonOf(card, 'show');
  expect(await press('show', show)).toMatchObject({
    statusCode: 401,
    type: 'application/vnd.microsoft.activity.loginRequest',
    value: { tokenExchangeResource: { uri: AUDIENCE } },
  });
  const data = { approvalId: held.id, digest: held.digest };
  expect(await press('approve', data)).toMatchObject({ statusCode: 401 });
  const refused = await press('approve', data, await tokenOf(OTHER, ['BANK-DATA-MGR']));
  expect(refused).toMatchObject({ statusCode: 412 });
  const withoutRole = await press('approve', data, await tokenOf(MANAGER, ['BANK-DATA-ENG']));
  expect(JSON.stringify(withoutRole)).toContain('approver_not_eligible');
  expect((await manager.one(held.id)).votes).toEqual([]);

  const token = await tokenOf(MANAGER, ['BANK-DATA-MGR']);
  expect(JSON.stringify(await press('show', show, token))).toContain('signed in');
  expect(JSON.stringify(await press('approve', data, token))).toContain('Your approval counts.');
  expect((await waiting).isError).toBeFalsy();
  await engineer.close();

  const ledger = await examiner(system);
  const { events = [] } = (await ledger.transcript(held.callId)).approval ?? {};
  expect(events.find(({ type }) => type === 'ApprovalVoted')?.data).toMatchObject({
    approver: { issuer: entra.url, principal: 'anna.manager', human: MANAGER },
  });
  const codes = (await ledger.events())
    .filter(({ type, data: about }) => type === 'RequestRefused' && about['where'] === 'approvals/teams')
    .map(({ data: about }) => about['code']);
  expect(codes).toEqual(['token_invalid', 'approver_not_eligible']);
});
