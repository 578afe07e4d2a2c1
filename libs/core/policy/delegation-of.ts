import type { IndexedPolicy } from './index-policy.js';

/** Whose delegates holders of these roles may be, sorted. */
export const actsForOf = ({ bundle }: IndexedPolicy, roles: readonly string[]): readonly string[] =>
  Object.entries(bundle.roles)
    .filter(([, { delegates }]) => delegates?.to.some((role) => roles.includes(role)))
    .map(([role]) => role)
    .sort();

/** Which roles may be delegated, and for how long. */
export const delegationLimits = ({
  bundle,
}: IndexedPolicy): readonly { readonly role: string; readonly max_s: number }[] =>
  Object.entries(bundle.roles).flatMap(([role, { delegates }]) =>
    delegates === undefined ? [] : [{ role, max_s: delegates.max_s }],
  );
