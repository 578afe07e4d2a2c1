import {
  computeScopeUnion,
  extractWWWAuthenticateParams,
  isStrictScopeSuperset,
} from '@modelcontextprotocol/client';
import type { Authority } from './authority.js';

/** What a 401 or 403 says (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface Challenge {
  readonly status: number;
  readonly resourceMetadataUrl?: string;
  readonly scope?: string;
  readonly error?: string;
}

const HEADER_CHARACTERS_MAX = 8 * 1024;

export const readChallenge = (status: number, wwwAuthenticate: string | undefined): Challenge => {
  if (wwwAuthenticate === undefined || wwwAuthenticate.length > HEADER_CHARACTERS_MAX) return { status };
  const { resourceMetadataUrl, scope, error } = extractWWWAuthenticateParams(
    new Response(null, { headers: { 'www-authenticate': wwwAuthenticate } }),
  );
  return {
    status,
    ...(resourceMetadataUrl && { resourceMetadataUrl: resourceMetadataUrl.href }),
    ...(scope !== undefined && { scope }),
    ...(error !== undefined && { error }),
  };
};

/** More scopes would help; any other 403 is the server's last word. */
export const wantsMoreScopes = ({ status, error }: Challenge): boolean =>
  status === 403 && error === 'insufficient_scope';

/** Scopes as one text, each once; undefined when there is none. */
export const uniteScopes = (...scopes: readonly (string | undefined)[]): string | undefined =>
  computeScopeUnion(...scopes);

export const addsScopes = (union: string | undefined, current: string | undefined): boolean =>
  isStrictScopeSuperset(union, current);

/**
 * What to ask for (MCP 2025-11-25 basic/authorization, scope selection): what the operator configured with what the
 * challenge wants; without configuration the challenge, else what the resource supports, else nothing at all.
 */
export const chooseScope = (
  configured: readonly string[],
  challenge: string | undefined,
  { resourceScopes = [] }: Authority,
): string | undefined => {
  if (configured.length > 0) return uniteScopes(configured.join(' '), challenge);
  return uniteScopes(challenge ?? resourceScopes.join(' '));
};
