import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import {
  claimsFor,
  type FixtureKey,
  makeKey,
  nowSeconds,
  sign,
  startIssuer,
} from '#identity/issuer.fixture.js';
import { createResourceServer, type ResourceServer } from '#identity/resource-server.js';
import { NO_SCOPES } from '#identity/scopes.js';
import { createTokenVerifier } from '#identity/token-verifier.js';
import { teamsPeople } from './teams-people.js';

const AUDIENCE = 'api://bot.bank.example/11111111-2222-4333-8444-555555555555';
const OBJECT_ID = '00000000-0000-4000-8000-00000000000A';

describe('single sign-on of Teams', () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let other: Awaited<ReturnType<typeof startIssuer>>;
  let key: FixtureKey;
  beforeAll(async () => {
    key = await makeKey('k');
    issuer = await startIssuer([key]);
    other = await startIssuer([key]);
  });
  afterAll(() => Promise.all([issuer.close(), other.close()]));

  const find = (token: string | undefined) => {
    const claims = { groups_claim: 'groups', principal_claim: 'preferred_username', human_claim: 'oid' };
    const identity = {
      issuers: [issuer, other].map(({ url }) => ({ issuer: url, ...claims })),
      ...{ algorithms: ['RS256'], clock_skew_s: 5, token_cache_max: 100 },
    };
    const bus: Bus = {
      request: async (contract, request) =>
        contract.reply.parse({
          roles: JSON.stringify(request).includes('MANAGERS') ? ['manager'] : [],
          actsFor: JSON.stringify(request).includes('DEPUTIES') ? ['manager'] : [],
        }),
      close: async () => undefined,
    };
    const resourceServer = createResourceServer({
      identity: { ...identity, scopes: NO_SCOPES, dpop: 'off' },
      verifier: createTokenVerifier(identity),
      publicUrl: () => 'https://gateway.bank.example',
    });
    const sso = { issuer: issuer.url, audience: AUDIENCE, connection: 'countersign' };
    const people = teamsPeople({
      config: { people: { sso }, app_id: 'bot' },
      issuersOfHumans: [],
      resourceServer,
      bus,
    });
    return people.find({ objectId: OBJECT_ID, token, expiresAt: nowSeconds() + 60 });
  };
  const tokenWith = (changes: Record<string, unknown> = {}, from = issuer, audience = AUDIENCE) =>
    sign(key, claimsFor(from.url, audience, { oid: OBJECT_ID.toLowerCase(), azp: 'teams', ...changes }));

  it('asks the client to bring a token, and knows its person with the roles of their groups', async () => {
    expect(await find(undefined)).toBe('sign-in');
    expect(await find(await tokenWith({ groups: ['MANAGERS'] }))).toMatchObject({
      subject: 'u-17',
      human: OBJECT_ID.toLowerCase(),
      roles: ['manager'],
      isMachine: false,
    });
    expect(await find(await tokenWith({ groups: [] }))).toMatchObject({ roles: [] });
    expect(await find(await tokenWith({ groups: ['DEPUTIES'] }))).toMatchObject({ actsFor: ['manager'] });
  });

  it.each([
    ['of somebody else', () => tokenWith({ oid: '00000000-0000-4000-8000-00000000000b' }), 'token_invalid'],
    ['that names nobody', () => tokenWith({ oid: undefined }), 'token_invalid'],
    ['of another issuer that is trusted elsewhere', () => tokenWith({}, other), 'token_invalid'],
    ['for another resource', () => tokenWith({}, issuer, 'https://gateway.bank.example'), 'token_invalid'],
    ['that has expired', () => tokenWith({ exp: nowSeconds() - 1 }), 'token_expired'],
    [
      'of an unknown key',
      async () => sign(await makeKey('x'), claimsFor(issuer.url, AUDIENCE)),
      'token_invalid',
    ],
  ] as const)('takes no token %s', async (_, token, code) => {
    await expect(find(await token())).rejects.toMatchObject({ code });
  });

  it('takes a program for a program', async () => {
    expect(await find(await tokenWith({ idtyp: 'app', groups: ['MANAGERS'] }))).toMatchObject({
      isMachine: true,
    });
  });
});

describe('a file of people of Teams', () => {
  const HUMANS = 'https://id.bank.example';
  const findIn = async (person: object) => {
    const folder = await mkdtemp(join(tmpdir(), 'teams-people-'));
    const file = join(folder, 'people.yaml');
    await writeFile(file, JSON.stringify({ [OBJECT_ID]: person }));
    const people = teamsPeople({
      config: { people: { file }, app_id: 'bot' },
      issuersOfHumans: [HUMANS],
      resourceServer: {} as ResourceServer,
      bus: {
        request: async (contract) => contract.reply.parse({ roles: ['manager'] }),
        close: async () => undefined,
      },
    });
    return people
      .find({ objectId: OBJECT_ID, token: undefined, expiresAt: nowSeconds() + 60 })
      .finally(() => rm(folder, { recursive: true }));
  };
  const account = { subject: 'u-17', principal: 'anna', groups: ['MANAGERS'] };

  it('names the human wherever the tokens of the issuer do: else one person would be two', async () => {
    await expect(findIn({ ...account, issuer: HUMANS })).rejects.toMatchObject({
      code: 'approver_not_eligible',
    });
    expect(await findIn({ ...account, issuer: HUMANS, human: ' E-17 ' })).toMatchObject({ human: 'e-17' });
  });

  it('needs no name of the human where no token has one', async () => {
    expect(await findIn({ ...account, issuer: 'https://other.bank.example' })).toMatchObject({
      principal: 'anna',
      roles: ['manager'],
    });
  });
});
