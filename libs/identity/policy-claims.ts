import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { type Claims, claimOf, isPlainText, isStringList } from './claims.js';

const LIST_MAX = 32;
const SCOPE_CHARACTERS_MAX = 2_048;

/** What policy may read as `token.*` and the ledger therefore records: how the caller logged in, and for what. */
const POLICY_CLAIMS = ['acr', 'amr', 'auth_time', 'tid'] as const;

const policyValue = (value: unknown): Json | undefined => {
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return value as boolean | number;
  if (isPlainText(value)) return value;
  if (Array.isArray(value) && value.length <= LIST_MAX && value.every(isPlainText))
    return Object.freeze([...value]);
  return undefined;
};

/** `scope` (RFC 9068) or `scp` (Entra ID, Okta; text or list) as one space-separated text. */
const scopeOf = (claims: Claims): string | undefined => {
  const value = claimOf(claims, 'scope') ?? claimOf(claims, 'scp');
  const scope = isStringList(value) ? value.join(' ') : value;
  const fits =
    typeof scope === 'string' && scope.length <= SCOPE_CHARACTERS_MAX && /^[\x20-\x7e]+$/.test(scope);
  return fits ? scope : undefined;
};

/** The granted scopes, each once; a claim of another type or over its limit grants nothing. */
export const scopesOf = (claims: Claims): readonly string[] =>
  Object.freeze([...new Set((scopeOf(claims) ?? '').split(' ').filter((scope) => scope !== ''))]);

/** A claim that does not fit is left out: for policy a missing argument never allows anything. */
export const policyClaims = (claims: Claims): JsonObject => {
  const kept: Record<string, Json> = {};
  for (const name of POLICY_CLAIMS) {
    const value = policyValue(claimOf(claims, name));
    if (value !== undefined) kept[name] = value;
  }
  const scope = scopeOf(claims);
  if (scope !== undefined) kept['scope'] = scope;
  return Object.freeze(kept);
};
