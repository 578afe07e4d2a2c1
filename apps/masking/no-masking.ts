import type { MaskingProfile } from '#core/policy/policy.types.js';

/** Policy may ask for no masking; the body is parsed all the same, so that nothing unreadable gets through. */
export const NO_MASKING: MaskingProfile = {
  name: 'none',
  rules: [],
  unscannable: { image: 'keep', audio: 'keep', binary: 'keep', 'over-limit': 'block' },
};
