import { describe, expect, it } from 'vitest';
import {
  mcpResource,
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
  restResource,
  wwwAuthenticate,
} from './protected-resource.js';
import { NO_SCOPES } from './scopes.js';

const resource = 'https://gateway.example/mcp/core-banking';
const authorization_servers = ['https://login.example'];
const SCOPES = {
  ...NO_SCOPES,
  mcp: ['mcp', 'offline_access'],
  rest: ['console'],
  servers: { 'core-banking': { read: ['bank.read'], write: ['bank.write'] } },
};

describe('protected resource metadata (RFC 9728)', () => {
  it('stands between host and path', () => {
    expect(protectedResourceMetadataUrl(resource)).toBe(
      'https://gateway.example/.well-known/oauth-protected-resource/mcp/core-banking',
    );
    expect(protectedResourceMetadataUrl('https://gateway.example/')).toBe(
      'https://gateway.example/.well-known/oauth-protected-resource',
    );
  });

  it('names the resource, its issuers, all scopes of use, and the header as the only place for tokens', () => {
    const endpoint = mcpResource('https://gateway.example', SCOPES, 'core-banking');
    expect(protectedResourceMetadata(endpoint, { authorization_servers, dpop: 'off' })).toEqual({
      resource,
      authorization_servers,
      scopes_supported: ['mcp', 'bank.read', 'bank.write'],
      bearer_methods_supported: ['header'],
      resource_name: 'Countersign MCP gateway',
    });
  });

  it('is another one for each endpoint and for the REST edges', () => {
    const of = (server?: string) => mcpResource('https://gateway.example', SCOPES, server);
    expect(of()).toMatchObject({ uri: 'https://gateway.example/mcp' });
    expect(of('warehouse').scopesSupported).toEqual(['mcp', 'offline_access']);
    expect(restResource('https://gateway.example', SCOPES)).toMatchObject({
      uri: 'https://gateway.example',
      scopes: ['console'],
    });
  });

  it('says whether tokens may or must be bound to a key (RFC 9449 section 5.1)', () => {
    const of = (dpop: 'optional' | 'required') =>
      protectedResourceMetadata(restResource('https://a.example', NO_SCOPES), {
        authorization_servers,
        dpop,
      });
    expect(of('optional').dpop_signing_alg_values_supported).toContain('ES256');
    expect(of('optional')).not.toHaveProperty('dpop_bound_access_tokens_required');
    expect(of('required').dpop_bound_access_tokens_required).toBe(true);
    expect(of('required').dpop_signing_alg_values_supported?.some((alg) => /^HS|none/.test(alg))).toBe(false);
  });
});

describe('the WWW-Authenticate challenge', () => {
  it('has no error for a request that brought no token', () => {
    expect(wwwAuthenticate({ resource, code: 'token_missing', scopes: ['mcp', 'write'] })).toBe(
      `Bearer resource_metadata="${protectedResourceMetadataUrl(resource)}", scope="mcp write"`,
    );
  });

  it('says invalid_token for a bad or expired token and insufficient_scope for a missing scope', () => {
    expect(wwwAuthenticate({ resource, code: 'token_invalid' })).toContain(
      'error="invalid_token", error_description="The access token was not accepted."',
    );
    expect(wwwAuthenticate({ resource, code: 'token_expired' })).toContain('error="invalid_token"');
    expect(wwwAuthenticate({ resource, code: 'scope_missing', scopes: ['a', 'b'] })).toMatch(
      /error="insufficient_scope".*scope="a b"$/,
    );
  });

  it('offers Bearer and DPoP, or DPoP alone, as configured, with the algorithms (RFC 9449 section 7.1)', () => {
    const of = (dpop: 'off' | 'optional' | 'required') =>
      wwwAuthenticate({ resource, code: 'token_missing', dpop });
    expect(of('off')).not.toContain('DPoP');
    expect(of('optional')).toMatch(/^Bearer .*, DPoP .*algs="ES256 [^"]+"$/);
    expect(of('required')).toMatch(/^DPoP [^,]+, algs="ES256 [^"]+"$/);
  });

  it('says in the DPoP challenge only what is wrong with a proof', () => {
    const text = wwwAuthenticate({ resource, code: 'dpop_nonce_missing', dpop: 'optional' });
    const [bearer = '', bound] = text.split(', DPoP ');
    expect(bearer).not.toContain('error=');
    expect(bound).toContain('error="use_dpop_nonce"');
    expect(wwwAuthenticate({ resource, code: 'dpop_invalid', dpop: 'required' })).toContain(
      'error="invalid_dpop_proof"',
    );
  });

  it('cannot be broken out of', () => {
    const header = wwwAuthenticate({
      resource,
      code: 'scope_missing',
      scopes: ['a", x="', 'b\r\nSet-Cookie: c'],
    });
    expect(header).toMatch(/scope="a, x= bSet-Cookie: c"$/);
  });
});
