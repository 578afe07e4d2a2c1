import type { PayloadCommitment } from '../evidence/entry.js';
import type { Digest } from '../hash.js';

/** Attachment: the RFC 8785 bytes of the compiled bundle; their SHA-256 is the policy digest. Replay reads them. */
export interface PolicyRecorded {
  readonly type: 'PolicyRecorded';
  readonly v: 1;
  readonly data: { readonly digest: Digest; readonly name: string; readonly semantics: number };
  readonly payload: PayloadCommitment;
}

/** From here on every replica decides by this policy. The last one in the log holds. */
export interface PolicyActivated {
  readonly type: 'PolicyActivated';
  readonly v: 1;
  readonly data: {
    readonly digest: Digest;
    /** The process that wrote it. */
    readonly instance: string;
    /** Absent: by the file, once for each start of a policy service, as it once was. */
    readonly by?: 'file' | 'proposal';
    /** Which proposal was approved. */
    readonly proposal?: string;
    /** The policy that was active until then; absent for the first one. */
    readonly replaces?: Digest;
  };
}

export type PolicyEvent = PolicyRecorded | PolicyActivated;

export const policyStream = (digest: Digest): string => `policy-${digest.slice('sha256:'.length)}`;

/** One line of activations: its revision elects whose comes next. */
export const ACTIVATION_STREAM = 'policy-active';
