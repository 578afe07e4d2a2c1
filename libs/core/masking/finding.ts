import type { MaskKind } from '../policy/policy.types.js';

/**
 * Why a value was masked: its own structure and checksum; the key, column or sibling label it stands under; or a
 * label in the text before it. A value found again elsewhere keeps the evidence of the place that gave it away.
 */
export type Evidence = 'structure' | 'key' | 'label';

/** What was masked where. Holds no masked value: keys that were masked appear masked in the pointers too. */
export interface Finding {
  /** RFC 6901 pointer into the masked body. */
  readonly pointer: string;
  /**
   * Pointer inside JSON that was found in that text; each further level of JSON in a string starts with `#`. When one
   * text holds several JSON values (NDJSON, prose around JSON), the second is `[1]/...`, the third `[2]/...`.
   */
  readonly inner?: string;
  readonly kind: MaskKind | 'UNSCANNABLE';
  readonly evidence: Evidence;
  readonly count: number;
}

export interface MaskingOutcome {
  /** The body with every untouched byte as it was; the very same array when nothing was masked. */
  readonly masked: Uint8Array;
  readonly findings: readonly Finding[];
  /** True when a part could not be scanned and was replaced by `[BLOCKED: ...]`. */
  readonly blocked: boolean;
}

export interface MaskingLimits {
  /** Larger bodies are refused. */
  readonly body_bytes_max: number;
  /** A longer string, as decoded, is over-limit. */
  readonly leaf_chars_max: number;
  /** Deeper bodies are refused. JSON found inside text is read to this depth and beyond it as plain text. */
  readonly depth_max: number;
  /** Levels of JSON inside JSON strings; what is deeper is over-limit. */
  readonly nesting_max: number;
}

export const MASKING_LIMITS: MaskingLimits = {
  body_bytes_max: 4 * 1024 * 1024,
  leaf_chars_max: 1024 * 1024,
  depth_max: 64,
  nesting_max: 8,
};
