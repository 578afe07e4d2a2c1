import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uriProblem } from '../call/resource-uri.js';
import { decideOperation, decidePolicy } from './decide-policy.js';
import { indexPolicy } from './index-policy.js';
import { maskingOfUse, mayUse } from './may-use.js';
import { type PolicyBundle, type PolicyOperation, TARGET_KINDS, type TargetKind } from './policy.types.js';

const bundleOf = (operations: PolicyBundle['operations']): PolicyBundle => ({
  semantics: 1,
  name: 'targets',
  roles: { clerk: { groups: ['C'] } },
  operations,
  rules: Object.keys(operations).map((name) => ({
    id: `ALLOW-${name}`,
    says: 'Allowed.',
    roles: 'any',
    effect: 'allow',
    operations: [name],
    when: [],
    approval: null,
    mask: null,
  })),
  masking: {},
  tests: [],
});
const operation = (lists: Partial<PolicyOperation>): PolicyOperation => ({
  kind: 'read',
  tools: [],
  ...lists,
});
const operationFor = (bundle: PolicyBundle, kind: TargetKind | undefined, tool: string, server = 's') =>
  decidePolicy(indexPolicy(bundle), {
    groups: ['C'],
    ...(kind === undefined ? {} : { kind }),
    server,
    tool,
    args: {},
    token: {},
    now: '2026-11-02T12:00:00Z',
  }).operation;

describe('the operation of a target', () => {
  const bundle = bundleOf({
    tools: operation({ tools: ['s/x'] }),
    prompts: operation({ prompts: ['s/x', 's/letter to a customer'] }),
    methods: operation({ methods: ['s/roots/list'] }),
    resources: operation({ resources: ['s/x:1', 's/test://t/*', 's/test://u/{id}'] }),
  });

  it.each([
    [undefined, 'x', 'tools'],
    ['tool', 'x', 'tools'],
    ['prompt', 'x', 'prompts'],
    ['prompt', 'letter to a customer', 'prompts'],
    ['method', 'roots/list', 'methods'],
    ['method', 'x', null],
    ['resource', 'x:1', 'resources'],
    ['resource', 'x:12', null],
    ['resource', 'test://t/1', 'resources'],
    ['resource', 'test://t/{id}', 'resources'],
    ['resource', 'test://u/{id}', 'resources'],
    ['resource', 'test://u/1', null],
    ['resource', 'test://t/a/../../u', null],
    ['resource', 'test://t/a b', null],
  ] as const)('of kind %s called %s is %s', (kind, name, found) => {
    expect(operationFor(bundle, kind, name)).toBe(found);
    expect(mayUse(indexPolicy(bundle), ['C'], 's', name, kind)).toBe(found !== null);
    expect(operationFor(bundle, kind, name, 'other')).toBeNull();
  });

  it('is none where the patterns of two operations cross: what nobody meant is denied', () => {
    const crossing = bundleOf({
      a: operation({ resources: ['s/test://a/*', 's/test://a/x/*'] }),
      b: operation({ resources: ['s/test://*/b', 's/test://a/exact/b2'] }),
    });
    expect(operationFor(crossing, 'resource', 'test://a/1')).toBe('a');
    expect(operationFor(crossing, 'resource', 'test://a/x/1')).toBe('a');
    expect(operationFor(crossing, 'resource', 'test://c/b')).toBe('b');
    expect(operationFor(crossing, 'resource', 'test://a/b')).toBeNull();
    expect(operationFor(crossing, 'resource', 'test://a/exact/b2')).toBeNull();
    expect(mayUse(indexPolicy(crossing), ['C'], 's', 'test://a/b', 'resource')).toBe(false);
  });

  it('cannot be indexed twice', () => {
    for (const list of ['tools', 'prompts', 'methods', 'resources'] as const) {
      const twice = bundleOf({ a: operation({ [list]: ['s/a'] }), b: operation({ [list]: ['s/a'] }) });
      expect(() => indexPolicy(twice)).toThrow('in two operations');
      expect(() => indexPolicy(bundleOf({ a: operation({ [list]: ['s'] }) }))).toThrow('not a target');
    }
  });

  it('can be decided as a whole, whatever its targets', () => {
    const policy = indexPolicy(bundle);
    expect(decideOperation(policy, ['clerk'], 'resources')).toMatchObject({
      effect: 'allow',
      rules: ['ALLOW-resources'],
    });
    expect(decideOperation(policy, [], 'resources')).toMatchObject({ effect: 'deny' });
    expect(decideOperation(policy, ['clerk'], 'nothing')).toBeUndefined();
  });

  const LISTS = { tool: 'tools', prompt: 'prompts', resource: 'resources', method: 'methods' } as const;
  const toRegExp = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  /** Straight from the words: every text of every operation is looked at. */
  const naive = (bundle: PolicyBundle, kind: TargetKind, server: string, name: string): string | null => {
    const owners = Object.entries(bundle.operations).filter(([, lists]) =>
      (lists[LISTS[kind]] ?? []).some((text) => {
        if (kind !== 'resource') return text === `${server}/${name}`;
        return text.startsWith(`${server}/`) && toRegExp(text.slice(server.length + 1)).test(name);
      }),
    );
    if (kind === 'resource' && uriProblem(name) !== undefined) return null;
    return owners.length === 1 ? (owners[0]?.[0] ?? null) : null;
  };

  it('is, for every kind, what looking through the whole policy finds', () => {
    const name = fc.constantFrom('a', 'b', 'a/b', 'roots/list');
    const server = fc.constantFrom('s', 't');
    const uri = fc
      .array(fc.constantFrom('a', 'b', '/', '*', 'ab', '..'), { minLength: 1, maxLength: 5 })
      .map((pieces) => `u:${pieces.join('')}`);
    const texts = (part: fc.Arbitrary<string>) =>
      fc.uniqueArray(
        fc.tuple(server, part).map(([s, text]) => `${s}/${text}`),
        { maxLength: 5 },
      );
    const lists = fc.record({
      tools: texts(name),
      prompts: texts(name),
      methods: texts(name),
      resources: texts(uri),
    });
    const target = fc.tuple(fc.constantFrom(...TARGET_KINDS), server, name, uri);
    const seen = new Set<string>();
    fc.assert(
      fc.property(lists, lists, target, (one, two, [kind, at, plain, address]) => {
        // One owner for each text, as a policy file has it.
        const rest = (list: 'tools' | 'prompts' | 'methods' | 'resources') =>
          two[list].filter((text) => !one[list].includes(text));
        const other = {
          tools: rest('tools'),
          prompts: rest('prompts'),
          methods: rest('methods'),
          resources: rest('resources'),
        };
        const bundle = bundleOf({ one: operation(one), two: operation(other) });
        const called = kind === 'resource' ? address : plain;
        const expected = naive(bundle, kind, at, called);
        seen.add(`${kind} ${expected}`);
        expect(operationFor(bundle, kind, called, at)).toBe(expected);
        expect(mayUse(indexPolicy(bundle), ['C'], at, called, kind)).toBe(expected !== null);
      }),
      { numRuns: 4000 },
    );
    // Found in either operation and nowhere, for each of the four kinds.
    expect(seen.size).toBe(12);
  });
});

describe('what a list is masked with', () => {
  const profile = (name: string, kinds: readonly ('EMAIL' | 'US_SSN')[]) => ({
    name,
    rules: [{ kinds, do: 'redact' as const }],
    unscannable: { image: 'block', audio: 'block', binary: 'block', 'over-limit': 'block' } as const,
  });
  const plain = bundleOf({
    mail: operation({ resources: ['s/mail://*'] }),
    tax: operation({ resources: ['s/tax://*'] }),
    open: operation({ resources: ['s/open://*'] }),
  });
  const masks = new Map([
    ['ALLOW-mail', 'mails'],
    ['ALLOW-tax', 'taxes'],
  ]);
  const policy = indexPolicy({
    ...plain,
    rules: plain.rules.map((rule) => ({ ...rule, mask: masks.get(rule.id) ?? null })),
    masking: { mails: profile('mails', ['EMAIL']), taxes: profile('taxes', ['US_SSN']) },
  });
  const kindsFor = (...uris: readonly string[]) =>
    maskingOfUse(
      policy,
      ['C'],
      uris.map((tool) => ({ kind: 'resource' as const, server: 's', tool })),
    )?.rules.flatMap(({ kinds }) => kinds) ?? [];

  it.each([
    [['open://a'], []],
    [['open://a', 'mail://a'], ['EMAIL']],
    [
      ['tax://a', 'mail://a', 'mail://b'],
      ['EMAIL', 'US_SSN'],
    ],
    [['unknown://a'], []],
  ])('of %j is everything that a rule masks on any of it', (uris, kinds) => {
    expect(kindsFor(...uris)).toEqual(kinds);
  });
});
