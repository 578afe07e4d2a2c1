import { describe, expect, it } from 'vitest';
import type { PolicyBundle, PolicyRule } from '../policy.types.js';
import { diffPolicies } from './diff-policies.js';

const rule = (id: string, more: Partial<PolicyRule> = {}): PolicyRule => ({
  id,
  says: `Says ${id}.`,
  roles: ['clerk'],
  effect: 'allow',
  operations: ['pay'],
  when: [],
  approval: null,
  mask: null,
  ...more,
});
const policy = (rules: readonly PolicyRule[], more: Partial<PolicyBundle> = {}): PolicyBundle => ({
  semantics: 1,
  name: 'bank',
  roles: { clerk: { groups: ['CLERKS'] }, chief: { groups: ['CHIEFS'] } },
  operations: { pay: { kind: 'write', tools: ['bank/pay'] } },
  rules,
  masking: {},
  tests: [],
  ...more,
});
const BEFORE = policy([rule('A'), rule('B', { effect: 'deny', roles: ['chief'] })]);

describe('the difference of two policies', () => {
  it('is nothing for the same one', () => {
    expect(diffPolicies(BEFORE, structuredClone(BEFORE))).toEqual({ changes: [], access: [] });
  });

  it('names a rule that is new, without calling those behind it changed', () => {
    const { changes } = diffPolicies(BEFORE, policy([rule('NEW'), ...BEFORE.rules]));
    expect(changes.map(({ at }) => at)).toEqual(['/rules/NEW']);
    expect(changes[0]).not.toHaveProperty('before');
  });

  it('says who may do something else now', () => {
    const asked = rule('A', { approval: { by: ['chief'], count: 2, expires_s: 60 } });
    const { changes, access } = diffPolicies(BEFORE, policy([asked, ...BEFORE.rules.slice(1)]));
    expect(changes).toMatchObject([{ at: '/rules/A/approval', before: null }]);
    expect(access).toEqual([
      { role: 'clerk', operation: 'pay', before: 'allow A', after: 'approval 2 of chief A' },
    ]);
  });

  it('says it also of a role that is gone, and of a rule that holds only under conditions', () => {
    const { roles, rules } = BEFORE;
    const { clerk } = roles;
    const gone = diffPolicies(
      BEFORE,
      policy(rules.slice(0, 1), { roles: { clerk: clerk ?? { groups: [] } } }),
    );
    expect(gone.access).toContainEqual({
      role: 'chief',
      operation: 'pay',
      before: 'deny B',
      after: null,
    });
    const when = [{ path: 'args.amount', checks: [{ op: 'gt' as const, value: '100' }] }];
    const limited = diffPolicies(BEFORE, policy([...rules, rule('C', { effect: 'deny', when })]));
    expect(limited.access.map(({ after }) => after)).toEqual([
      expect.stringContaining('but C: deny if args.amount gt 100'),
    ]);
  });

  it('is never nothing for another digest: order of rules and tests are named too', () => {
    const [first, second] = BEFORE.rules as readonly [PolicyRule, PolicyRule];
    expect(diffPolicies(BEFORE, policy([second, first])).changes).toMatchObject([
      { at: '/rules (their order)' },
    ]);
    const test = {
      as: ['clerk'],
      server: 'bank',
      tool: 'pay',
      args: {},
      token: {},
      now: null,
      expect: { effect: 'allow' as const, count: null, rules: null, masked: false },
    };
    expect(diffPolicies(BEFORE, policy(BEFORE.rules, { tests: [test] })).changes).toEqual([
      { at: '/tests (how many)', before: 0, after: 1 },
    ]);
  });
});
