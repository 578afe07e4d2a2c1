/** What a verifier can find, by stable code; docs/evidence.md says what each means. */
export const FINDING_CODES = [
  'container_changed',
  'manifest_mismatch',
  'manifest_signature_invalid',
  'file_malformed',
  'key_swap',
  'checkpoint_signature_invalid',
  'fork',
  'tail_cut',
  'consistency_missing',
  'unwitnessed',
  'timestamp_invalid',
  'entry_not_in_log',
  'deletion',
  'insertion',
  'reorder',
  'wrong_index',
  'truncated',
  'proof_invalid',
  'back_dated',
  'stream_broken',
  'incomplete',
  'policy_mismatch',
  'disclosure_mismatch',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  /** The first bad entry, as far as the pack can show it. */
  readonly index?: number;
  readonly file?: string;
}

/** More of them tell nothing new. */
export const FINDINGS_MAX = 100;

export class Findings {
  readonly all: Finding[] = [];

  add(code: FindingCode, message: string, where: { index?: number; file?: string } = {}): void {
    if (this.all.length < FINDINGS_MAX) this.all.push({ code, message, ...where });
  }
}
