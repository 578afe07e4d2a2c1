import type { Json } from '../../evidence/canonical-json.js';
import type { Check, Truth } from '../policy.types.js';

/** Kleene's and: one false is false, else one unknown is unknown. True for no checks. */
export const allOf = (checks: readonly Check[]): Check => {
  return (value) => join(checks, value, false);
};

/** Kleene's or: one true is true, else one unknown is unknown. False for no checks. */
export const anyOf = (checks: readonly Check[]): Check => {
  return (value) => join(checks, value, true);
};

/** `decisive` is the truth that settles it at once, whatever the other checks say. */
const join = (checks: readonly Check[], value: Json | undefined, decisive: boolean): Truth => {
  let truth: Truth = !decisive;
  for (const check of checks) {
    const one = check(value);
    if (one === decisive) return decisive;
    if (one === undefined) truth = undefined;
  }
  return truth;
};
