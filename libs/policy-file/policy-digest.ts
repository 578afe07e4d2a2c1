import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { sha256 } from '#sealing/sha256.js';

/** The policy digest: SHA-256 of the bundle's RFC 8785 text. */
export const digestOf = (bundle: PolicyBundle): Digest =>
  // JSON by construction; TypeScript cannot see that an interface has no other keys.
  sha256(canonicalJson(bundle as unknown as Json));
