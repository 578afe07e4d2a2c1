import { createHash } from 'node:crypto';
import type { RestCaller } from '#http/rest-caller.js';
import type { ListedDelegation } from '../delegation/delegation-directory.js';

/** Fingerprint of all that decides what somebody may see of approvals, besides the approvals themselves. */
export const standingOf = (
  { issuer, subject, roles, actsFor = [] }: Pick<RestCaller, 'issuer' | 'subject' | 'roles' | 'actsFor'>,
  delegations: readonly Pick<ListedDelegation, 'delegationId'>[],
): string => {
  const ids = delegations.map(({ delegationId }) => delegationId);
  const all = [issuer, subject, ...[roles, actsFor, ids].map((each) => [...each].sort())];
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url').slice(0, 16);
};
