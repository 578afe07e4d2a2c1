import type { PayloadCommitment } from '../evidence/entry.js';
import type { Digest } from '../hash.js';

/** Attachment: the RFC 8785 bytes of the compiled bundle; their SHA-256 is the policy digest. Replay reads them. */
export interface PolicyRecorded {
  readonly type: 'PolicyRecorded';
  readonly v: 1;
  readonly data: { readonly digest: Digest; readonly name: string; readonly semantics: number };
  readonly payload: PayloadCommitment;
}

export interface PolicyActivated {
  readonly type: 'PolicyActivated';
  readonly v: 1;
  readonly data: { readonly digest: Digest; readonly instance: string };
}

export type PolicyEvent = PolicyRecorded | PolicyActivated;

export const policyStream = (digest: Digest): string => `policy-${digest.slice('sha256:'.length)}`;
