import { CountersignError } from '#core/errors.js';
import { type Claims, claimOf, isPlainText, isRecord } from './claims.js';

const GROUPS_MAX = 1_000;

/** The steps of an RFC 6901 pointer ("/realm_access/roles") or of a dotted path ("realm_access.roles"). */
const stepsOf = (path: string): readonly string[] =>
  path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : path.split('.');

/** A claim of exactly that name comes first: names of claims may have dots and slashes ("https://bank.example/groups"). */
const claimAt = (claims: Claims, path: string): unknown => {
  const named = path.startsWith('/') ? undefined : claimOf(claims, path);
  if (named !== undefined) return named;
  let value: unknown = claims;
  for (const step of stepsOf(path)) {
    if (!isRecord(value)) return undefined;
    value = claimOf(value, step);
  }
  return value;
};

/**
 * Entra ID leaves groups out over 200 and points elsewhere: `_claim_names` with the claim's name, or `hasgroups` where a
 * pointer would not fit. The point of an error is that "no groups" would be untrue. Other claims (application roles)
 * are never left out, so a token with roles is good even when its unused groups are elsewhere.
 */
const isElsewhere = (claims: Claims, path: string): boolean => {
  const [first = ''] = stepsOf(path);
  const elsewhere = claimOf(claims, '_claim_names');
  const named = isRecord(elsewhere) && (claimOf(elsewhere, path) ?? claimOf(elsewhere, first)) !== undefined;
  const has = claimOf(claims, 'hasgroups');
  return named || (first === 'groups' && has !== undefined && has !== null && has !== false);
};

/**
 * The groups of a caller, without repetitions. A missing claim is no groups, never an error: such a caller may do
 * nothing, and the refusal is recorded. Something that is not a name never becomes a group.
 * @param groups_claim name of the claim, dotted path, or JSON Pointer; its value is a list of names or one name
 * @throws CountersignError groups_overage; token_invalid for a claim of another type
 */
export const groupsFromClaims = (claims: Claims, groups_claim: string): readonly string[] => {
  if (isElsewhere(claims, groups_claim)) throw new CountersignError('groups_overage');
  const value = claimAt(claims, groups_claim);
  if (value === undefined || value === null) return Object.freeze([]);
  const groups = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(groups) || groups.length > GROUPS_MAX || !groups.every(isPlainText)) {
    throw new CountersignError('token_invalid', `the claim ${groups_claim} is not a list of group names`);
  }
  return Object.freeze([...new Set(groups)]);
};
