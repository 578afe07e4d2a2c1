import { CountersignError } from '#core/errors.js';
import { type Claims, claimOf, isPlainText, isRecord } from './claims.js';

const GROUPS_MAX = 1_000;

/** The value at an RFC 6901 pointer; undefined when a step is missing or is not an object. */
const atPointer = (claims: Claims, pointer: string): unknown => {
  let value: unknown = claims;
  for (const step of pointer.slice(1).split('/')) {
    if (!isRecord(value)) return undefined;
    value = claimOf(value, step.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return value;
};

/**
 * The groups of a caller, without repetitions. A missing claim is no groups, never an error: such a caller may do
 * nothing, and the refusal is recorded. Group overage is an error, for there "no groups" would be untrue: Entra ID
 * leaves the claim out over 200 groups and points elsewhere with `_claim_names` (or `hasgroups`).
 * @throws CountersignError token_invalid
 */
export const groupsFromClaims = (claims: Claims, groups_claim: string): readonly string[] => {
  const elsewhere = claimOf(claims, '_claim_names');
  const overage = isRecord(elsewhere) && (claimOf(elsewhere, groups_claim) ?? claimOf(elsewhere, 'groups'));
  if (overage || claimOf(claims, 'hasgroups') === true) {
    throw new CountersignError(
      'token_invalid',
      'the token leaves the groups out because there are too many (group overage); ' +
        'the issuer must send only the groups assigned to this application',
    );
  }
  const value = groups_claim.startsWith('/')
    ? atPointer(claims, groups_claim)
    : claimOf(claims, groups_claim);
  if (value === undefined || value === null) return Object.freeze([]);
  const groups = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(groups) || groups.length > GROUPS_MAX || !groups.every(isPlainText)) {
    throw new CountersignError('token_invalid', `the claim ${groups_claim} is not a list of group names`);
  }
  return Object.freeze([...new Set(groups)]);
};
