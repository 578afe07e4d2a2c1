import type { Json } from '../../evidence/canonical-json.js';
import type { Check, PolicyCheck, PolicyScalar, Truth } from '../policy.types.js';
import { compileChangeWindow } from './change-window.js';
import { compileCidr } from './cidr.js';
import { compareDecimals, type Decimal, decimalOfNumber, parseDecimal } from './decimal.js';
import { compileWithin } from './folder.js';
import { compileGlob } from './glob.js';
import { anyOf } from './join-checks.js';

/** Sign of (value - limit), exact; undefined when the value is neither a JSON number nor plain decimal text. */
const compileCompare = (limitText: string): ((value: Json | undefined) => number | undefined) => {
  const limit = parseDecimal(limitText);
  if (limit === undefined) throw new TypeError(`policy: not a decimal: ${limitText}`);
  const limitNumber = Number(limitText);
  // Shortest decimals order as their doubles do; so when the limit IS its double, doubles compare exactly and fast.
  const rounded = decimalOfNumber(limitNumber);
  const isDouble = rounded !== undefined && compareDecimals(rounded, limit) === 0;
  return (value) => {
    if (typeof value === 'number' && isDouble && Number.isFinite(value)) return value - limitNumber;
    const decimal = decimalOf(value);
    return decimal === undefined ? undefined : compareDecimals(decimal, limit);
  };
};

const decimalOf = (value: Json | undefined): Decimal | undefined => {
  if (typeof value === 'number') return decimalOfNumber(value);
  return typeof value === 'string' ? parseDecimal(value) : undefined;
};

const compileEquals = (expected: PolicyScalar): Check => {
  if (typeof expected !== 'object') {
    return (value) => (typeof value === typeof expected ? value === expected : undefined);
  }
  const compare = compileCompare(expected.decimal);
  return (value) => {
    const sign = compare(value);
    return sign === undefined ? undefined : sign === 0;
  };
};

const sizeOf = (value: Json | undefined): number | undefined => {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'string') return undefined;
  let codePoints = 0;
  for (const _ of value) codePoints++;
  return codePoints;
};

const compileSize = (min: number, max: number | null): Check => {
  return (value) => {
    const size = sizeOf(value);
    return size === undefined ? undefined : size >= min && (max === null || size <= max);
  };
};

const compileOrder = (op: 'lt' | 'lte' | 'gt' | 'gte', limit: string): Check => {
  const compare = compileCompare(limit);
  const holds = {
    lt: (sign: number) => sign < 0,
    lte: (sign: number) => sign <= 0,
    gt: (sign: number) => sign > 0,
    gte: (sign: number) => sign >= 0,
  }[op];
  return (value) => {
    const sign = compare(value);
    return sign === undefined ? undefined : holds(sign);
  };
};

const onText = (check: (text: string) => Truth): Check => {
  return (value) => (typeof value === 'string' ? check(value) : undefined);
};

/**
 * The operators of semantics 1. Each answers true, false or, when the value is missing or of the wrong type, unknown.
 * - `eq` the same text (UTF-16 code units, case counts), boolean or number; `in` equals one of a list;
 * - numbers (`eq in lt lte gt gte`) compare exactly, a JSON number or plain decimal text such as "10000.50" alike;
 * - `size` between min and max, both inclusive: code points of a text (as JSON Schema counts), items of an array;
 * - `startsWith` the text begins with exactly these characters;
 * - `glob`, `within`, `cidr`, `changeWindow`: see compileGlob, compileWithin, compileCidr, compileChangeWindow.
 * @throws TypeError when the operand is not valid; a bundle that came out of the loader never is.
 */
export const compileCheck = (check: PolicyCheck): Check => {
  switch (check.op) {
    case 'eq':
      return compileEquals(check.value);
    case 'in':
      return anyOf(check.values.map(compileEquals));
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return compileOrder(check.op, check.value);
    case 'size':
      return compileSize(check.min, check.max);
    case 'startsWith':
      return onText((text) => text.startsWith(check.value));
    case 'glob':
      return onText(compileGlob(check.value));
    case 'within':
      return onText(compileWithin(check.folder));
    case 'cidr':
      return onText(compileCidr(check.ranges));
    case 'changeWindow':
      return onText(compileChangeWindow(check));
  }
};
