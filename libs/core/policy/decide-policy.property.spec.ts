import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../evidence/canonical-json.js';
import { decidePolicy } from './decide-policy.js';
import { indexPolicy } from './index-policy.js';
import { mayUse } from './may-use.js';
import {
  type Decision,
  type DecisionInput,
  MASK_KINDS,
  type PolicyBundle,
  type PolicyCheck,
  type PolicyRule,
  type Truth,
} from './policy.types.js';

const ROLES = ['r0', 'r1', 'r2'] as const;
const OPERATIONS = ['o0', 'o1'] as const;
const TEXTS = ['', 'a', 'ab', 'b/c', '1', '1.50', '2', '1e3'] as const;
const NUMBERS = [-1, 0, 1, 1.5, 2, 1000] as const;
const LIMITS = ['-1', '0', '1', '1.5', '2'] as const;

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(...TEXTS, ...NUMBERS, true, false, null),
  fc.array(fc.constantFrom(1, 2), { maxLength: 3 }),
  fc.constant({ deeper: 1 }),
);
const check: fc.Arbitrary<PolicyCheck> = fc.oneof(
  fc.constantFrom(...TEXTS, true, false).map((text) => ({ op: 'eq', value: text }) as const),
  fc.constantFrom(...LIMITS).map((decimal) => ({ op: 'eq', value: { decimal } }) as const),
  fc.subarray([...TEXTS], { minLength: 1 }).map((values) => ({ op: 'in', values }) as const),
  fc
    .tuple(fc.constantFrom('lt', 'lte', 'gt', 'gte'), fc.constantFrom(...LIMITS))
    .map(([op, limit]) => ({ op, value: limit }) as const),
  fc.constantFrom(0, 1, 2).map((min) => ({ op: 'size', min, max: min === 0 ? null : 2 }) as const),
  fc.constantFrom('a', 'b', '1').map((prefix) => ({ op: 'startsWith', value: prefix }) as const),
);
const when = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom('args.x', 'args.y.z', 'token.acr'),
    checks: fc.array(check, { minLength: 1, maxLength: 2 }),
  }),
  { selector: ({ path }) => path, maxLength: 2 },
);
const demand = fc.record({
  by: fc.subarray([...ROLES], { minLength: 1 }),
  count: fc.integer({ min: 1, max: 3 }),
  expires_s: fc.constantFrom(60, 900, 1800),
});
const ruleOf = (effect: fc.Arbitrary<PolicyRule['effect']>): fc.Arbitrary<PolicyRule> =>
  fc
    .record({
      id: fc.constant('?'),
      says: fc.constant('A rule.'),
      roles: fc.oneof(fc.constant('any' as const), fc.subarray([...ROLES], { minLength: 1 })),
      effect,
      operations: fc.subarray([...OPERATIONS], { minLength: 1 }),
      when,
      approval: fc.option(demand),
      mask: fc.constantFrom('m0', 'm1', null),
    })
    .map((rule) => (rule.effect === 'deny' ? { ...rule, approval: null, mask: null } : rule));
const bundleOf = (rules: readonly PolicyRule[]): PolicyBundle => ({
  semantics: 1,
  name: 'random',
  roles: { r0: { groups: ['g0'] }, r1: { groups: ['g1', 'g01'] }, r2: { groups: ['g2'] } },
  operations: {
    o0: { kind: 'read', tools: ['s/a', 't/a'], prompts: ['s/b', 't/a'], resources: ['s/u:*'] },
    o1: { kind: 'write', tools: ['s/b'], methods: ['s/a', 't/b'], resources: ['t/u:a', 's/v:a'] },
  },
  rules,
  masking: {
    m0: {
      name: 'm0',
      rules: [{ kinds: ['PAN', 'EMAIL'], do: 'redact' }],
      unscannable: { image: 'keep', audio: 'keep', binary: 'block', 'over-limit': 'block' },
    },
    m1: {
      name: 'm1',
      rules: [{ kinds: ['EMAIL', 'DOB'], do: 'redact' }],
      unscannable: { image: 'keep', audio: 'block', binary: 'block', 'over-limit': 'block' },
    },
  },
  tests: [],
});
const anyRule = ruleOf(fc.constantFrom('allow', 'allow', 'deny', 'oblige'));
const rulesArbitrary = fc
  .array(anyRule, { maxLength: 7 })
  .map((rules) => rules.map((rule, at) => ({ ...rule, id: `R${at}` })));
const args: fc.Arbitrary<JsonObject> = fc.record(
  { x: value, y: fc.oneof(value, fc.record({ z: value })) },
  { requiredKeys: [] },
);
const target = fc.oneof(
  fc.record({ tool: fc.constantFrom('a', 'b') }),
  fc.record({
    kind: fc.constantFrom('tool', 'prompt', 'method' as const),
    tool: fc.constantFrom('a', 'b'),
  }),
  fc.record({ kind: fc.constant('resource' as const), tool: fc.constantFrom('u:a', 'u:b', 'v:a') }),
);
const input: fc.Arbitrary<DecisionInput> = fc
  .record({
    groups: fc.subarray(['g0', 'g1', 'g01', 'g2', 'other']),
    server: fc.constantFrom('s', 't'),
    target,
    args,
    token: fc.record({ acr: value }, { requiredKeys: [] }),
    now: fc.constant('2026-11-02T12:00:00Z'),
  })
  .map(({ target: called, ...facts }) => ({ ...facts, ...called }));

// The reference: straight from the written semantics, no index, no compiled checks, numbers in tenths as integers.
const tenths = (json: Json | undefined): number | undefined =>
  typeof json === 'number' || (typeof json === 'string' && /^-?\d+(\.\d+)?$/.test(json))
    ? Number(json) * 10
    : undefined;

const naiveCheck = (test: PolicyCheck, json: Json | undefined): Truth => {
  if (test.op === 'eq' && typeof test.value === 'object') {
    const number = tenths(json);
    return number === undefined ? undefined : number === Number(test.value.decimal) * 10;
  }
  if (test.op === 'eq') return typeof json === typeof test.value ? json === test.value : undefined;
  if (test.op === 'in') return typeof json === 'string' ? test.values.includes(json) : undefined;
  if (test.op === 'size') {
    if (typeof json !== 'string' && !Array.isArray(json)) return undefined;
    return json.length >= test.min && json.length <= (test.max ?? 1e9);
  }
  if (test.op === 'startsWith') return typeof json === 'string' ? json.indexOf(test.value) === 0 : undefined;
  const number = tenths(json);
  if (number === undefined || !('value' in test)) return undefined;
  const limit = Number(test.value) * 10;
  return { lt: number < limit, lte: number <= limit, gt: number > limit, gte: number >= limit }[
    test.op as 'lt'
  ];
};

const LISTS = { tool: 'tools', prompt: 'prompts', resource: 'resources', method: 'methods' } as const;

const naiveDecide = (
  bundle: PolicyBundle,
  call: DecisionInput,
): Omit<Decision, 'says' | 'profile' | 'engine'> => {
  const roles = Object.keys(bundle.roles).filter((role) =>
    bundle.roles[role]?.groups.some((g) => call.groups.includes(g)),
  );
  const called = `${call.server}/${call.tool}`;
  const found = Object.entries(bundle.operations).find(([, operation]) => {
    const texts = operation[LISTS[call.kind ?? 'tool']] ?? [];
    return texts.includes(called) || (texts.includes('s/u:*') && called.startsWith('s/u:'));
  });
  const operation = found?.[0] ?? null;
  const kind = found?.[1].kind ?? null;
  const matched = bundle.rules.filter((rule) => {
    const forCaller =
      rule.roles === 'any' ? roles.length > 0 : rule.roles.some((role) => roles.includes(role));
    const truths = rule.when.flatMap(({ path, checks }) => {
      const keys = path.split('.');
      let at = call as unknown as Json | undefined;
      for (const key of keys)
        at = typeof at === 'object' && at !== null ? (at as JsonObject)[key] : undefined;
      return checks.map((test) => naiveCheck(test, at));
    });
    const holds = truths.every((truth) => truth ?? rule.effect !== 'allow');
    return forCaller && rule.operations.some((name) => name === operation) && holds;
  });
  const ids = (rules: readonly PolicyRule[]) => rules.map((rule) => rule.id);
  const denies = matched.filter((rule) => rule.effect === 'deny');
  const allows = matched.filter((rule) => rule.effect === 'allow');
  if (denies.length > 0 || allows.length === 0) {
    return { effect: 'deny', operation, kind, roles, rules: ids(denies), approval: null };
  }
  const demands = matched.flatMap((rule) => rule.approval ?? []);
  const sets = [...new Set(demands.map(({ by }) => by.join()))].sort();
  const requirements = sets.map((set) => {
    const counts = demands.filter(({ by }) => by.join() === set).map(({ count }) => count);
    return { by: set.split(','), count: Math.max(...counts) };
  });
  const expires_s = Math.min(...demands.map((one) => one.expires_s));
  const approval = demands.length === 0 ? null : { requirements, expires_s };
  return { effect: approval ? 'approval' : 'allow', operation, kind, roles, rules: ids(matched), approval };
};

const naiveProfile = (bundle: PolicyBundle, ids: readonly string[]) => {
  const names = new Set(bundle.rules.filter(({ id }) => ids.includes(id)).flatMap(({ mask }) => mask ?? []));
  const profiles = [...names].flatMap((name) => bundle.masking[name] ?? []);
  const kinds = MASK_KINDS.filter((kind) =>
    profiles.some(({ rules }) => rules.some((rule) => rule.kinds.includes(kind))),
  );
  const kept =
    profiles.length === 0
      ? []
      : ['image', 'audio'].filter((what) =>
          profiles.every(({ unscannable }) => unscannable[what as 'image'] === 'keep'),
        );
  return { kinds: [...kinds].sort(), kept };
};
const profileOf = ({ profile }: Decision) => ({
  kinds: [...(profile?.rules.flatMap((rule) => rule.kinds) ?? [])].sort(),
  kept: Object.entries(profile?.unscannable ?? {})
    .filter(([, todo]) => todo === 'keep')
    .map(([what]) => what),
});

const decide = (rules: readonly PolicyRule[], call: DecisionInput) =>
  decidePolicy(indexPolicy(bundleOf(rules)), call);
const RUNS = { numRuns: 3000 };
const STRICTNESS = { allow: 0, approval: 1, deny: 2 } as const;

describe('any policy, any call', () => {
  it('is decided as the naive reading of the semantics decides', () => {
    const seen = new Set<string>();
    const letThrough = new Set<string>();
    fc.assert(
      fc.property(rulesArbitrary, input, (rules, call) => {
        const { says, profile: _, engine, ...decision } = decide(rules, call);
        seen.add(decision.effect);
        if (decision.effect !== 'deny') letThrough.add(call.kind ?? 'tool');
        expect(decision).toEqual(naiveDecide(bundleOf(rules), call));
        expect([says.length, engine]).toEqual([decision.rules.length, 'policy-1']);
      }),
      RUNS,
    );
    expect([...seen].sort()).toEqual(['allow', 'approval', 'deny']);
    expect([...letThrough].sort()).toEqual(['method', 'prompt', 'resource', 'tool']);
  });

  it('is masked by the union of the profiles of the rules that decided', () => {
    fc.assert(
      fc.property(rulesArbitrary, input, (rules, call) => {
        const decision = decide(rules, call);
        const ids = decision.effect === 'deny' ? [] : decision.rules;
        expect(profileOf(decision)).toEqual(naiveProfile(bundleOf(rules), ids));
      }),
      RUNS,
    );
  });

  it('is decided the same whatever the order of the rules', () => {
    const shuffled = rulesArbitrary.chain((rules) =>
      fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length })),
    );
    fc.assert(
      fc.property(shuffled, input, ([rules, other], call) => {
        const sorted = (decision: Decision) => ({ ...decision, rules: [...decision.rules].sort() });
        expect(sorted(decide(other, call))).toEqual(sorted(decide(rules, call)));
      }),
      RUNS,
    );
  });

  it('is decided no more freely when a deny or an obligation is added', () => {
    const stricter = ruleOf(fc.constantFrom('deny', 'oblige'));
    fc.assert(
      fc.property(rulesArbitrary, stricter, fc.nat({ max: 7 }), input, (rules, added, at, call) => {
        const before = STRICTNESS[decide(rules, call).effect];
        const after = STRICTNESS[decide(rules.toSpliced(at, 0, { ...added, id: 'NEW' }), call).effect];
        expect(after).toBeGreaterThanOrEqual(before);
        if (added.effect === 'deny') expect([before, 2]).toContain(after);
      }),
      RUNS,
    );
  });

  it('is listed when it could be let through', () => {
    fc.assert(
      fc.property(rulesArbitrary, input, (rules, call) => {
        const policy = indexPolicy(bundleOf(rules));
        if (decidePolicy(policy, call).effect === 'deny') return;
        expect(mayUse(policy, call.groups, call.server, call.tool, call.kind)).toBe(true);
      }),
      RUNS,
    );
  });
});
