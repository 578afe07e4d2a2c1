import { canonicalJson, type JsonObject } from '../evidence/canonical-json.js';
import type { Digest, HashFunction } from '../hash.js';
import type { Person } from './approval.events.js';
import type { GrantTerms } from './grant.js';

/** Everything an approval binds (promise G5). Change one of them and it is another approval. */
export interface Bound {
  readonly caller: Person & { readonly client: string };
  readonly server: string;
  /** Absent = `tools/call`. */
  readonly method?: string;
  readonly tool: string;
  readonly toolDigest: Digest;
  readonly arguments: JsonObject;
  readonly policyDigest: Digest;
  readonly profileDigest: Digest | null;
  /** Random; kept in sealed payloads only, so that the digest in clear cannot be used to guess arguments. */
  readonly nonce: string;
  readonly expiresAt: string;
  /** What it covers beside this call; absent = nothing. */
  readonly grant?: GrantTerms;
}

export const approvalDigest = (hash: HashFunction, bound: Bound): Digest =>
  hash(canonicalJson(bound as unknown as JsonObject));
