import { describe, expect, it } from 'vitest';
import { checkQuery, credentialOf } from './credential.js';

const head = (authorization: readonly string[], url = '/mcp') => ({
  method: 'POST',
  url,
  rawHeaders: authorization.flatMap((value, i) => [i === 0 ? 'Authorization' : 'AUTHORIZATION', value]),
});
const bearer = (header: string | undefined) =>
  credentialOf(head(header === undefined ? [] : [header]), ['Bearer']);
const codeOf = (code: string) => expect.objectContaining({ code });

describe('the credential of a request (RFC 6750 section 2.1)', () => {
  it('is the one of the scheme Bearer, in whatever case the scheme is written', () => {
    expect(bearer('Bearer abc.def.ghi')).toEqual({ scheme: 'Bearer', token: 'abc.def.ghi' });
    expect(bearer('bearer abc').token).toBe('abc');
    expect(bearer('BEARER  a+b/c~d==').token).toBe('a+b/c~d==');
  });

  it('may be of the scheme DPoP where that is in use (RFC 9449 section 7.1)', () => {
    expect(credentialOf(head(['dpop abc']), ['Bearer', 'DPoP'])).toEqual({ scheme: 'DPoP', token: 'abc' });
    expect(() => credentialOf(head(['Bearer abc']), ['DPoP'])).toThrow(codeOf('token_missing'));
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearerabc', 'abc', ' Bearer abc', 'DPoP abc'])(
    'is missing in %j',
    (header) => {
      expect(() => bearer(header)).toThrow(codeOf('token_missing'));
    },
  );

  it.each([
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer a,b',
    'Bearer "a"',
    'Bearer =a',
    'Bearer a\tb',
    'Bearer tökén',
    `Bearer ${'x'.repeat(16 * 1024 + 1)}`,
  ])('is refused when the header is not exactly one credential', (header) => {
    expect(() => bearer(header)).toThrow(codeOf('token_invalid'));
  });

  it('may have exactly 16 KB', () => {
    expect(bearer(`Bearer ${'x'.repeat(16 * 1024)}`).token).toHaveLength(16 * 1024);
  });

  it('is refused when there are two Authorization headers, even equal ones', () => {
    expect(() => credentialOf(head(['Bearer abc', 'Bearer abc']), ['Bearer'])).toThrow(
      codeOf('token_repeated'),
    );
  });
});

describe('a token in the query string (MCP basic/authorization, token requirements)', () => {
  it.each([
    'access_token=x',
    'a=1&access_token=x',
    'a=1;access_token=x',
    'ACCESS_TOKEN=x',
    'access%5Ftoken=x',
    'access_token[]=x',
    'access-token',
    'token=x',
    'id_token=x',
    'jwt=x',
    'cursor=eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln',
    'q=Bearer+eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln',
    `a=${'x'.repeat(9_000)}`,
  ])('refuses the request, also with a good header: %s', (query) => {
    expect(() => credentialOf(head(['Bearer abc'], `/mcp?${query}`), ['Bearer'])).toThrow(
      codeOf('token_in_query'),
    );
  });

  it.each(['', '?', '?cursor=abc&limit=5', '?q=100%', '?tokens_max=3'])('is not seen in %j', (query) => {
    expect(() => checkQuery(head([], `/ledger/calls${query}`))).not.toThrow();
  });

  it('is not repeated in the error', () => {
    const seen = { said: '' };
    try {
      checkQuery(head([], '/mcp?token=canary-1'));
    } catch (error) {
      seen.said = String(error);
    }
    expect(seen.said).toContain('token_in_query');
    expect(seen.said).not.toContain('canary-1');
  });
});
