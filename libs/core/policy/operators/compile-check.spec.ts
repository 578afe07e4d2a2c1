import { describe, expect, it } from 'vitest';
import type { Json } from '../../evidence/canonical-json.js';
import type { PolicyCheck, Truth } from '../policy.types.js';
import { compileCheck } from './compile-check.js';

const amount: PolicyCheck = { op: 'eq', value: { decimal: '10000.5' } };
const table: readonly [PolicyCheck, Json | undefined, Truth][] = [
  [{ op: 'eq', value: 'a' }, 'a', true],
  [{ op: 'eq', value: 'a' }, 'A', false],
  [{ op: 'eq', value: '10' }, 10, undefined],
  [{ op: 'eq', value: true }, true, true],
  [{ op: 'eq', value: true }, 'true', undefined],
  [amount, 10000.5, true],
  [amount, '10000.50', true],
  [amount, '10000.51', false],
  [amount, 'ten', undefined],
  [amount, true, undefined],
  [{ op: 'in', values: ['a', 'b'] }, 'b', true],
  [{ op: 'in', values: ['a', 'b'] }, 'c', false],
  [{ op: 'in', values: ['a', 'b'] }, ['a'], undefined],
  [{ op: 'lt', value: '10' }, 10, false],
  [{ op: 'lte', value: '10' }, 10, true],
  [{ op: 'gt', value: '10' }, '10.0000000000000000001', true],
  [{ op: 'gt', value: '10.0000000000000000001' }, 10, false],
  [{ op: 'gte', value: '10.0000000000000000001' }, 10, false],
  [{ op: 'gt', value: '9007199254740992.5' }, 9007199254740992, false],
  [{ op: 'gte', value: '10' }, '1e1', undefined],
  [{ op: 'gt', value: '10' }, null, undefined],
  [{ op: 'gt', value: '10' }, Number.NaN, undefined],
  [{ op: 'size', min: 1, max: 2 }, '\u{1F4B6}\u{1F4B6}', true],
  [{ op: 'size', min: 1, max: 2 }, '', false],
  [{ op: 'size', min: 1, max: null }, [1, 2, 3], true],
  [{ op: 'size', min: 0, max: 2 }, [1, 2, 3], false],
  [{ op: 'size', min: 0, max: 2 }, 3, undefined],
  [{ op: 'startsWith', value: 'SELECT ' }, 'SELECT 1', true],
  [{ op: 'startsWith', value: 'SELECT ' }, 'select 1', false],
  [{ op: 'startsWith', value: 'S' }, undefined, undefined],
  [{ op: 'glob', value: 'a*' }, 7, undefined],
  [{ op: 'within', folder: '/srv' }, {}, undefined],
  [{ op: 'cidr', ranges: ['10.0.0.0/8', '192.168.0.0/16'] }, '192.168.1.1', true],
];

describe('operators', () => {
  it.each(table)('%j on %j is %s', (check, value, truth) => {
    expect(compileCheck(check)(value)).toBe(truth);
  });

  it('an operand that the loader would refuse does not compile', () => {
    expect(() => compileCheck({ op: 'gt', value: '1e3' })).toThrow(TypeError);
  });
});
