import { describe, expect, it } from 'vitest';
import { decidePolicy } from './decide-policy.js';
import { indexPolicy } from './index-policy.js';
import { mayUse } from './may-use.js';
import type {
  ApprovalDemand,
  DecisionInput,
  MaskingProfile,
  PolicyBundle,
  PolicyRule,
} from './policy.types.js';
import { rolesOf } from './roles-of.js';
import { runPolicyTests } from './run-policy-tests.js';

const BLOCK = { image: 'block', audio: 'block', binary: 'block', 'over-limit': 'block' } as const;
const masking: { [name: string]: MaskingProfile } = {
  pii: {
    name: 'pii',
    rules: [{ kinds: ['PAN', 'US_SSN'], do: 'redact' }],
    unscannable: { ...BLOCK, image: 'keep', audio: 'keep' },
  },
  contact: {
    name: 'contact',
    rules: [{ kinds: ['EMAIL', 'PAN'], do: 'redact' }],
    unscannable: { ...BLOCK, image: 'keep' },
  },
};
const bundle = (rules: readonly PolicyRule[], tests: PolicyBundle['tests'] = []): PolicyBundle => ({
  semantics: 1,
  name: 'test',
  roles: {
    analyst: { groups: ['A'] },
    engineer: { groups: ['E', 'AE'] },
    manager: { groups: ['M'] },
    both: { groups: ['AE'] },
  },
  operations: {
    read: { kind: 'read', tools: ['crm/get'] },
    write: { kind: 'write', tools: ['crm/put', 'crm/a/b'] },
  },
  rules,
  masking,
  tests,
});
const rule = (id: string, effect: PolicyRule['effect'], parts: Partial<PolicyRule> = {}): PolicyRule => ({
  id,
  says: `says ${id}`,
  roles: 'any',
  effect,
  operations: ['read', 'write'],
  when: [],
  approval: null,
  mask: null,
  ...parts,
});
const over = (limit: string): Partial<PolicyRule> => ({
  when: [{ path: 'args.amount', checks: [{ op: 'gt', value: limit }] }],
});
const demand = (by: readonly string[], count: number, expires_s: number): Partial<PolicyRule> => ({
  approval: { by, count, expires_s } satisfies ApprovalDemand,
});
const decide = (rules: readonly PolicyRule[], input: Partial<DecisionInput> = {}) =>
  decidePolicy(indexPolicy(bundle(rules)), {
    groups: ['A'],
    server: 'crm',
    tool: 'put',
    args: {},
    token: {},
    now: '2026-11-02T12:00:00Z',
    ...input,
  });

describe('a decision', () => {
  it('is deny when no rule matches', () => {
    const nothing = {
      effect: 'deny',
      rules: [],
      says: [],
      approval: null,
      profile: null,
      engine: 'policy-1',
    };
    expect(decide([])).toEqual({ ...nothing, operation: 'write', kind: 'write', roles: ['analyst'] });
  });

  it.each([
    ['crm', 'drop'],
    ['crm2', 'put'],
    ['crm/a', 'b'],
    ['', 'crm/put'],
    ['__proto__', 'constructor'],
  ])('is deny without rules for the unknown tool %s %s', (server, tool) => {
    const decision = decide([rule('ALL', 'allow')], { server, tool });
    expect(decision).toMatchObject({ effect: 'deny', operation: null, kind: null, rules: [] });
  });

  it('finds a tool whose own name has a slash', () => {
    expect(decide([rule('ALL', 'allow')], { tool: 'a/b' }).effect).toBe('allow');
  });

  it('is deny for callers without a role, even where a rule is for any', () => {
    expect(decide([rule('ALL', 'allow')], { groups: ['a', 'stranger'] })).toMatchObject({
      effect: 'deny',
      roles: [],
    });
  });

  it('names every rule that decided, in file order, with its text', () => {
    const rules = [
      rule('O', 'oblige', { mask: 'pii' }),
      rule('A', 'allow', { roles: ['engineer'] }),
      rule('B', 'allow'),
    ];
    expect(decide(rules, { groups: ['E'] })).toMatchObject({
      rules: ['O', 'A', 'B'],
      says: ['says O', 'says A', 'says B'],
    });
  });

  it('names a rule once that two roles of the caller match', () => {
    const decision = decide([rule('A', 'allow', { roles: ['both', 'engineer'] })], { groups: ['AE'] });
    expect(decision).toMatchObject({ effect: 'allow', roles: ['both', 'engineer'], rules: ['A'] });
  });

  it('is deny when any matched rule denies, and names only what denies', () => {
    const rules = [
      rule('A', 'allow'),
      rule('D1', 'deny'),
      rule('O', 'oblige', demand(['manager'], 1, 60)),
      rule('D2', 'deny'),
    ];
    expect(decide(rules)).toMatchObject({
      effect: 'deny',
      rules: ['D1', 'D2'],
      approval: null,
      profile: null,
    });
  });

  it('is deny when only obligations match, because they allow nothing', () => {
    expect(decide([rule('O', 'oblige', demand(['manager'], 1, 60))])).toMatchObject({
      effect: 'deny',
      rules: [],
    });
  });

  it.each([
    ['allow', {}, 'deny'],
    ['allow', { amount: 'a lot' }, 'deny'],
    ['allow', { amount: 11 }, 'allow'],
    ['deny', {}, 'deny'],
    ['deny', { amount: '1e9' }, 'deny'],
    ['deny', { amount: 11 }, 'deny'],
    ['deny', { amount: 10 }, 'allow'],
    ['oblige', {}, 'approval'],
    ['oblige', { amount: [11] }, 'approval'],
    ['oblige', { amount: 10 }, 'allow'],
  ] as const)(
    'fails closed on a missing or mistyped value: %s rule, arguments %j: %s',
    (effect, args, outcome) => {
      const parts = effect === 'oblige' ? demand(['manager'], 1, 60) : {};
      const base = effect === 'allow' ? [] : [rule('BASE', 'allow')];
      expect(decide([...base, rule('R', effect, { ...over('10'), ...parts })], { args }).effect).toBe(
        outcome,
      );
    },
  );

  it('takes the condition of a rule with allow and approval for an allow condition', () => {
    const rules = [rule('A', 'allow', { ...over('10'), ...demand(['manager'], 1, 60) })];
    expect(decide(rules, { args: {} }).effect).toBe('deny');
    expect(decide(rules, { args: { amount: 11 } }).effect).toBe('approval');
  });

  it('follows only own keys of objects', () => {
    const when = [{ path: 'args.constructor.name', checks: [{ op: 'eq', value: 'Object' } as const] }];
    expect(decide([rule('A', 'allow', { when })]).effect).toBe('deny');
  });

  it('demands the approval of any matched rule, though another allows without', () => {
    const rules = [rule('FREE', 'allow'), rule('HELD', 'allow', demand(['manager'], 1, 60))];
    expect(decide(rules)).toMatchObject({ effect: 'approval', rules: ['FREE', 'HELD'] });
  });

  it('merges approvals to the strictest: highest count for each set of approvers, shortest expiry', () => {
    const rules = [
      rule('A', 'allow', demand(['both', 'manager'], 1, 900)),
      rule('O1', 'oblige', demand(['both', 'manager'], 3, 1800)),
      rule('O2', 'oblige', demand(['both'], 1, 3600)),
    ];
    const requirements = [
      { by: ['both'], count: 1 },
      { by: ['both', 'manager'], count: 3 },
    ];
    expect(decide(rules).approval).toEqual({ requirements, expires_s: 900 });
  });

  it('unites masks: all kinds, and kept is only what every profile keeps', () => {
    const rules = [rule('A', 'allow', { mask: 'pii' }), rule('O', 'oblige', { mask: 'contact' })];
    expect(decide(rules).profile).toEqual({
      name: 'contact+pii',
      rules: [{ kinds: ['EMAIL', 'PAN', 'US_SSN'], do: 'redact' }],
      unscannable: { ...BLOCK, image: 'keep' },
    });
    expect(decide([...rules, rule('B', 'allow')].slice(0, 1)).profile).toBe(masking['pii']);
  });
});

describe('roles', () => {
  it('come from groups, exactly compared, sorted, each once', () => {
    const policy = indexPolicy(bundle([]));
    expect(rolesOf(policy, ['AE', 'A', 'E', 'AE'])).toEqual(['analyst', 'both', 'engineer']);
    expect(rolesOf(policy, ['ae', 'constructor'])).toEqual([]);
  });
});

describe('tools/list', () => {
  it('shows a tool when some arguments could be allowed, and not when a deny is unconditional', () => {
    const allow = rule('A', 'allow', { roles: ['analyst'], ...over('10') });
    const shows = (...rules: PolicyRule[]) => mayUse(indexPolicy(bundle(rules)), ['A'], 'crm', 'put');
    expect(shows(allow)).toBe(true);
    expect(shows(allow, rule('D', 'deny', over('10')))).toBe(true);
    expect(shows(allow, rule('D', 'deny'))).toBe(false);
    expect(shows(rule('O', 'oblige', demand(['manager'], 1, 60)))).toBe(false);
    expect(mayUse(indexPolicy(bundle([allow])), ['E'], 'crm', 'put')).toBe(false);
    expect(mayUse(indexPolicy(bundle([allow])), ['A'], 'crm', 'drop')).toBe(false);
  });
});

describe('the tests of a policy', () => {
  it('fail with what was expected and what was decided', () => {
    const call = { as: ['analyst'], server: 'crm', tool: 'put', args: {}, token: {}, now: null };
    const expect1 = { effect: 'allow', count: null, rules: ['A'], masked: true } as const;
    const policy = bundle(
      [rule('A', 'allow'), rule('O', 'oblige', demand(['manager'], 2, 60))],
      [
        { ...call, expect: { ...expect1 } },
        { ...call, expect: { effect: 'approval', count: 2, rules: null, masked: false } },
        { ...call, expect: { effect: 'approval', count: 2, rules: ['O', 'A'], masked: false } },
        { ...call, expect: { effect: 'approval', count: 1, rules: null, masked: false } },
      ],
    );
    expect(runPolicyTests(indexPolicy(policy))).toEqual([
      { test: 0, expected: 'allow A masked', actual: 'approval 2 A O' },
      { test: 3, expected: 'approval 1', actual: 'approval 2 A O' },
    ]);
  });
});

describe('a bundle', () => {
  it('of other semantics, or that names what it does not define, is not indexed', () => {
    const other = { ...bundle([]), semantics: 2 } as unknown as PolicyBundle;
    expect(() => indexPolicy(other)).toThrow('semantics 2');
    expect(() => indexPolicy(bundle([rule('A', 'allow', { mask: 'toString' })]))).toThrow(TypeError);
    expect(() => indexPolicy(bundle([rule('A', 'allow', { operations: ['nope'] })]))).toThrow(TypeError);
  });
});
