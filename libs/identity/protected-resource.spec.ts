import { describe, expect, it } from 'vitest';
import {
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
  wwwAuthenticate,
} from './protected-resource.js';

const resource = 'https://gateway.example/mcp/core-banking';

describe('protected resource metadata', () => {
  it('stands between host and path', () => {
    expect(protectedResourceMetadataUrl(resource)).toBe(
      'https://gateway.example/.well-known/oauth-protected-resource/mcp/core-banking',
    );
    expect(protectedResourceMetadataUrl('https://gateway.example/')).toBe(
      'https://gateway.example/.well-known/oauth-protected-resource',
    );
  });

  it('names the resource, its issuers and the header as the only place for tokens, and never offline_access', () => {
    const scopes_supported = ['mcp', 'offline_access'];
    expect(
      protectedResourceMetadata({
        resource,
        authorization_servers: ['https://login.example'],
        scopes_supported,
      }),
    ).toEqual({
      resource,
      authorization_servers: ['https://login.example'],
      scopes_supported: ['mcp'],
      bearer_methods_supported: ['header'],
    });
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
    expect(wwwAuthenticate({ resource, code: 'forbidden', scopes: ['a'] })).toMatch(
      /error="insufficient_scope".*scope="a"$/,
    );
  });

  it('cannot be broken out of', () => {
    const header = wwwAuthenticate({
      resource,
      code: 'forbidden',
      scopes: ['a", x="', 'b\r\nSet-Cookie: c'],
    });
    expect(header).toMatch(/scope="a, x= bSet-Cookie: c"$/);
  });
});
