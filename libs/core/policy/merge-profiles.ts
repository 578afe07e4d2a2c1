import { type MaskingProfile, type MaskKind, UNSCANNABLE } from './policy.types.js';

/**
 * The union of masking profiles: every kind that one of them redacts, and nothing unscannable kept that one of them
 * blocks. One profile is returned as it is; several become `a+b`, names sorted, whatever the order of the rules.
 */
export const mergeProfiles = (profiles: readonly MaskingProfile[]): MaskingProfile | null => {
  if (profiles.length <= 1) return profiles[0] ?? null;
  const byName = new Map(profiles.map((profile) => [profile.name, profile]));
  const distinct = [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
  if (distinct.length === 1) return distinct[0] ?? null;
  const kinds = new Set<MaskKind>(distinct.flatMap((profile) => profile.rules.flatMap((rule) => rule.kinds)));
  const unscannable = UNSCANNABLE.map((what) => {
    const blocked = distinct.some((profile) => profile.unscannable[what] === 'block');
    return [what, blocked ? 'block' : 'keep'] as const;
  });
  return {
    name: distinct.map((profile) => profile.name).join('+'),
    rules: [{ kinds: [...kinds].sort(), do: 'redact' }],
    unscannable: Object.fromEntries(unscannable) as MaskingProfile['unscannable'],
  };
};
