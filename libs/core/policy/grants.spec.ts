import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GrantTerms } from '../approval/grant.js';
import type { JsonObject } from '../evidence/canonical-json.js';
import { decidePolicy } from './decide-policy.js';
import { mergeGrants } from './grants.js';
import { indexPolicy } from './index-policy.js';
import type { GrantDemand, PolicyRule } from './policy.types.js';

const rule = (id: string, effect: 'allow' | 'oblige', by: string, grant?: GrantDemand): PolicyRule => ({
  id,
  says: id,
  roles: ['clerk'],
  effect,
  operations: ['pay'],
  when: [],
  approval: { by: [by], count: 1, expires_s: 1_800, ...(grant && { grant }) },
  mask: null,
});
const grantFor = (args: JsonObject, ...rules: readonly PolicyRule[]) =>
  decidePolicy(
    indexPolicy({
      semantics: 1,
      name: 'test',
      roles: { clerk: { groups: ['C'] }, manager: { groups: ['M'] }, risk: { groups: ['R'] } },
      operations: { pay: { kind: 'write', tools: ['bank/pay'] } },
      rules,
      masking: {},
      tests: [],
    }),
    { groups: ['C'], server: 'bank', tool: 'pay', args, token: {}, now: '2026-11-02T12:00:00Z' },
  ).approval?.grant;

const LIMITED: GrantDemand = {
  uses: 20,
  for_s: 7_200,
  same: ['args.from'],
  when: [{ path: 'args.amount', checks: [{ op: 'lte', value: '1000' }] }],
};
const limited = rule('P-1', 'allow', 'manager', LIMITED);

describe('a grant by policy', () => {
  it('is part of the decision for a call within its limits, with the limits in words', () => {
    expect(grantFor({ amount: 1000, from: 'A' }, limited)).toEqual({
      uses: 20,
      for_s: 7_200,
      same: ['args.from'],
      limits: ['args.amount lte 1000'],
    });
  });

  it.each<[string, JsonObject]>([
    ['is over a limit', { amount: '1000.01', from: 'A' }],
    ['does not have the argument of a limit', { from: 'A' }],
    ['has it in another type', { amount: [1], from: 'A' }],
    ['does not have an argument that is compared', { amount: 1 }],
    ['has it by inheritance only', { amount: 1, __proto__: { from: 'A' } } as unknown as JsonObject],
  ])('is none for a call that %s', (_, args) => {
    expect(grantFor(args, limited)).toBeUndefined();
  });

  it('is none where another rule asks for an approval without one, whatever the order', () => {
    const strict = rule('P-2', 'oblige', 'risk');
    const args = { amount: 1, from: 'A' };
    expect(grantFor(args, limited, strict)).toBeUndefined();
    expect(grantFor(args, strict, limited)).toBeUndefined();
  });

  it('is the narrowest of all: fewest uses, shortest time, every comparison and every limit', () => {
    const other = rule('P-2', 'oblige', 'risk', {
      uses: 5,
      for_s: 86_400,
      same: ['args.to'],
      when: [{ path: 'args.currency', checks: [{ op: 'eq', value: 'EUR' }] }],
    });
    expect(grantFor({ amount: 1, from: 'A', to: 'B', currency: 'EUR' }, limited, other)).toEqual({
      uses: 5,
      for_s: 7_200,
      same: ['args.from', 'args.to'],
      limits: ['args.amount lte 1000', 'args.currency is "EUR"'],
    });
    expect(grantFor({ amount: 1, from: 'A', to: 'B', currency: 'USD' }, limited, other)).toBeUndefined();
  });

  it('never reaches further by one more rule, and is the same in any order', () => {
    const terms: fc.Arbitrary<GrantTerms | null> = fc.option(
      fc.record({
        uses: fc.integer({ min: 2, max: 1_000 }),
        for_s: fc.integer({ min: 60, max: 86_400 }),
        same: fc.uniqueArray(fc.constantFrom('args.a', 'args.b', 'args.c')).map((list) => list.sort()),
        limits: fc.uniqueArray(fc.constantFrom('args.a lte 1', 'args.b is "x"')).map((list) => list.sort()),
      }),
    );
    fc.assert(
      fc.property(fc.array(terms, { minLength: 1, maxLength: 5 }), terms, (some, more) => {
        const [before, after] = [mergeGrants(some), mergeGrants([...some, more])];
        expect(mergeGrants([more, ...some].reverse())).toEqual(after);
        if (after === null) return;
        expect(before).not.toBeNull();
        expect(after.uses).toBeLessThanOrEqual(before?.uses ?? 0);
        expect(after.for_s).toBeLessThanOrEqual(before?.for_s ?? 0);
        expect(after.same).toEqual(expect.arrayContaining([...(before?.same ?? [])]));
        expect(after.limits).toEqual(expect.arrayContaining([...(before?.limits ?? [])]));
      }),
    );
  });
});
