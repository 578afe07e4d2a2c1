import { describe, expect, it } from 'vitest';
import type { IdentityOptions } from './identity-options.js';
import { createTokenVerifier } from './token-verifier.js';

const issuer = { issuer: 'https://login.bank.example', groups_claim: 'groups', principal_claim: 'sub' };
const make = (changes: Partial<IdentityOptions>) =>
  createTokenVerifier({
    issuers: [issuer],
    algorithms: ['RS256'],
    clock_skew_s: 30,
    token_cache_max: 10,
    ...changes,
  });

describe('identity options', () => {
  it('that fit are taken', () => {
    expect(() => make({})).not.toThrow();
    expect(() => make({ clock_skew_s: 120, token_cache_max: 0 })).not.toThrow();
  });

  it.each<[string, Partial<IdentityOptions>]>([
    ['identity.algorithms', { algorithms: [] }],
    ['identity.algorithms', { algorithms: ['RS256', 'HS256'] }],
    ['identity.algorithms', { algorithms: ['none'] }],
    ['identity.clock_skew_s', { clock_skew_s: 121 }],
    ['identity.clock_skew_s', { clock_skew_s: Number.NaN }],
    ['identity.token_cache_max', { token_cache_max: -1 }],
    ['identity.issuers', { issuers: [issuer, issuer] }],
    ['identity.issuers[0].issuer', { issuers: [{ ...issuer, issuer: 'login.bank.example' }] }],
    ['identity.issuers[0].discovery_url', { issuers: [{ ...issuer, discovery_url: 'file:///etc/passwd' }] }],
  ])('that cannot work stop the start and are named: %s', (name, changes) => {
    expect(() => make(changes)).toThrow(name);
  });
});
