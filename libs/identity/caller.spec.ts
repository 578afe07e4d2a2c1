import { describe, expect, it } from 'vitest';
import { callerFromClaims } from './caller.js';

const ISSUER = {
  issuer: 'https://login.bank.example',
  groups_claim: 'groups',
  principal_claim: 'preferred_username',
};
const NOW_S = 1_800_000_000;
const caller = (claims: Record<string, unknown>, issuer = ISSUER) =>
  callerFromClaims({ aud: 'urn:x', exp: NOW_S + 60, sub: 'u-1', ...claims }, ['urn:x'], issuer, NOW_S, 30);

describe('a caller made of claims', () => {
  it.each([
    ['client_id', { client_id: 'a' }],
    ['azp', { azp: 'a' }],
    ['appid', { appid: 'a' }],
    ['cid', { cid: 'a' }],
  ])('finds the client in %s', (_claim, claims) => {
    expect(caller(claims).clientId).toBe('a');
  });

  it('has the empty client when the token names none', () => {
    expect(caller({}).clientId).toBe('');
  });

  it.each([
    ['RFC 9068', { sub: 'svc', client_id: 'svc' }],
    ['Entra ID, idtyp', { idtyp: 'app', azp: 'x' }],
    ['Entra ID, oid', { sub: 'o-1', oid: 'o-1', azp: 'x', roles: ['r'] }],
    ['Auth0', { sub: 'x@clients', azp: 'x' }],
    ['Keycloak', { azp: 'Reporter', preferred_username: 'service-account-reporter' }],
  ])('is a machine for client credentials as %s writes them', (_issuer, claims) => {
    expect(caller(claims).isMachine).toBe(true);
  });

  it.each([
    ['its client', { client_id: 'copilot-7' }],
    ['a claim', { client_id: 'x', token_use: 'agent' }],
    ['one value of a claim that is a list', { client_id: 'x', token_use: ['user', 'agent'] }],
  ])('is a machine by the rule of the bank for %s', (_by, claims) => {
    const rule = { clients: ['copilot-*', 'exact'], claims: { token_use: ['agent'] } };
    const ruled = (more: Record<string, unknown>) =>
      callerFromClaims(
        { aud: 'urn:x', exp: NOW_S + 60, sub: 'u-1', ...more },
        ['urn:x'],
        ISSUER,
        NOW_S,
        30,
        rule,
      );
    expect(ruled(claims).isMachine).toBe(true);
    expect(ruled({ client_id: 'exactly', token_use: 'user' }).isMachine).toBe(false);
    expect(caller(claims).isMachine).toBe(false);
  });

  it('is a machine when somebody acts for the person (RFC 8693)', () => {
    expect(caller({ client_id: 'a', act: { sub: 'agent' } }).isMachine).toBe(true);
  });

  it.each([
    ['a number', 'employee', { employee: 4711 }, '4711'],
    ['a text, whatever its case and blanks', 'oid', { oid: ' A-1 ' }, 'a-1'],
    ['a verified email', 'email', { email: 'Ann@Bank.example', email_verified: true }, 'ann@bank.example'],
    ['no email that nobody verified', 'email', { email: 'ann@bank.example' }, undefined],
    ['no email whose proof is a text', 'email', { email: 'a@b.example', email_verified: 'true' }, undefined],
    ['nothing that is missing', 'employee', {}, undefined],
  ])('names the human by %s', (_what, human_claim, claims, human) => {
    expect(caller(claims, { ...ISSUER, human_claim } as typeof ISSUER).human).toBe(human);
  });

  it('is refused when the claim of the human is no name', () => {
    expect(() => caller({ oid: { a: 1 } }, { ...ISSUER, human_claim: 'oid' } as typeof ISSUER)).toThrow(
      'oid',
    );
    expect(() => caller({ oid: ' ' }, { ...ISSUER, human_claim: 'oid' } as typeof ISSUER)).toThrow('oid');
  });

  it('is a person when a client acts for one', () => {
    expect(caller({ azp: 'agent', oid: 'o-1', scp: 'mcp' }).isMachine).toBe(false);
    expect(caller({ sub: 'o-1', azp: 'agent', oid: 'o-1', scp: 'mcp' }).isMachine).toBe(false);
  });

  it('reads groups from a claim whose name has dots and slashes, or at a JSON Pointer', () => {
    const groups_claim = 'https://bank.example/groups';
    expect(caller({ [groups_claim]: ['A', 'B', 'A'] }, { ...ISSUER, groups_claim }).groups).toEqual([
      'A',
      'B',
    ]);
    const pointer = { ...ISSUER, groups_claim: '/realm_access/roles' };
    expect(caller({ realm_access: { roles: ['C'] } }, pointer).groups).toEqual(['C']);
    expect(caller({ realm_access: 'x' }, pointer).groups).toEqual([]);
  });

  it('does not find groups in what every object inherits', () => {
    expect(caller({}, { ...ISSUER, groups_claim: 'constructor' }).groups).toEqual([]);
    expect(caller({}, { ...ISSUER, groups_claim: '/constructor/name' }).groups).toEqual([]);
  });

  it('reads groups at a dotted path; a claim of exactly that name comes first', () => {
    const dotted = { ...ISSUER, groups_claim: 'realm_access.roles' };
    expect(caller({ realm_access: { roles: ['C'] } }, dotted).groups).toEqual(['C']);
    expect(caller({ 'realm_access.roles': ['D'], realm_access: { roles: ['C'] } }, dotted).groups).toEqual([
      'D',
    ]);
    expect(caller({ realm_access: { groups: ['C'] } }, dotted).groups).toEqual([]);
    expect(caller({}, { ...ISSUER, groups_claim: 'constructor.name' }).groups).toEqual([]);
  });

  it('takes one name for a list of one, and nothing that is no name', () => {
    expect(caller({ groups: 'A' }).groups).toEqual(['A']);
    for (const groups of [
      7,
      true,
      {},
      { 0: 'A' },
      ['A', 7],
      ['A', null],
      [['A']],
      [''],
      '',
      'a\nb',
      ['x'.repeat(257)],
    ])
      expect(() => caller({ groups })).toThrow('token_invalid');
    expect(caller({ groups: null }).groups).toEqual([]);
  });

  it('never takes group overage for no groups', () => {
    expect(() => caller({ _claim_names: { groups: 'src1' } })).toThrow('groups_overage');
    expect(() => caller({ _claim_names: { groups: null } })).toThrow('groups_overage');
    expect(() => caller({ hasgroups: 'true' })).toThrow('groups_overage');
    expect(caller({ _claim_names: { address: 'src1' }, groups: ['A'] }).groups).toEqual(['A']);
  });

  it('does not mind group overage when roles are what counts', () => {
    const roles = { ...ISSUER, groups_claim: 'roles' };
    const overage = { _claim_names: { groups: 'src1' }, hasgroups: true };
    expect(caller({ ...overage, roles: ['R'] }, roles).groups).toEqual(['R']);
  });

  it('has the scopes of scope or scp, each once, and none of a claim of another type', () => {
    expect(caller({ scope: 'a b a' }).scopes).toEqual(['a', 'b']);
    expect(caller({ scp: 'a b' }).scopes).toEqual(['a', 'b']);
    expect(caller({ scp: ['a', 'b'] }).scopes).toEqual(['a', 'b']);
    for (const scope of [undefined, 7, { a: true }, ['a', 7], 'x'.repeat(3_000), ['a', ['mcp']]])
      expect(caller({ scope }).scopes).toEqual([]);
  });

  it('refuses more than a thousand groups', () => {
    const names = Array.from({ length: 1001 }, (_, i) => `g${i}`);
    expect(() => caller({ groups: names })).toThrow(/list of group names/);
    expect(caller({ groups: names.slice(1) }).groups).toHaveLength(1000);
  });

  it('keeps only the claims policy may read, in forms the ledger can hold', () => {
    const { claims } = caller({
      acr: 'mfa',
      amr: ['pwd', 'otp'],
      auth_time: 1.5,
      scp: ['a', 'b'],
      email: 'x@y',
    });
    expect(claims).toEqual({ acr: 'mfa', amr: ['pwd', 'otp'], scope: 'a b' });
  });
});
