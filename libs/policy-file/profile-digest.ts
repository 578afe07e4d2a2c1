import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { MaskingProfile } from '#core/policy/policy.types.js';
import { sha256 } from '#sealing/sha256.js';

/** SHA-256 of the profile's RFC 8785 text; approvals bind to it and masked results name it. */
export const profileDigest = (profile: MaskingProfile): Digest =>
  // JSON by construction; TypeScript cannot see that an interface has no other keys.
  sha256(canonicalJson(profile as unknown as Json));
