import type { MaskKind } from '../policy/policy.types.js';
import type { Evidence } from './finding.js';

/** Why a leaf is masked whatever it says. A weak rule wants a value of the usual shape. */
export interface Rule {
  readonly kind: MaskKind;
  readonly strong: boolean;
  readonly evidence: Evidence;
}
