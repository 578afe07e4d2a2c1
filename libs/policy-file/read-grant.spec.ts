import { describe, expect, it } from 'vitest';
import { problemsOf } from './examples/mistakes.fixture.js';
import { parsePolicyFile } from './parse-policy-file.js';

const policy = (grant: string | null): string => `
policy: 1
name: transfers
default: deny
roles:
  clerk: { groups: [CLERKS] }
  manager: { groups: [MANAGERS] }
operations:
  transfer: { kind: write, tools: [bank/transfer] }
rules:
  - id: T-1
    says: Clerks transfer with approval.
    roles: [clerk]
    allow: [transfer]
    approval: { by: [manager]${grant === null ? '' : `, grant: ${grant}`} }
tests:
  - { as: clerk, call: bank/transfer, args: { amount: 5 }, expect: approval 1 T-1 }
`;
const parsed = (grant: string | null) => parsePolicyFile(policy(grant), 'policy.yaml');
const reasons = (grant: string) => problemsOf(policy(grant)).map(({ reason }) => reason);
const WHEN = 'when: { args.amount: { lte: 1000 } }';

describe('the grant of an approval', () => {
  it('has uses, a time, arguments that stay the same, and limits of arguments', () => {
    const { bundle, warnings } = parsed(`{ uses: 20, for: 2h, ${WHEN}, same: [args.to, args.from] }`);
    expect(bundle.rules[0]?.approval?.grant).toEqual({
      uses: 20,
      for_s: 7_200,
      same: ['args.from', 'args.to'],
      when: [{ path: 'args.amount', checks: [{ op: 'lte', value: '1000' }] }],
    });
    expect(warnings.join()).not.toContain('grant');
  });

  it('that is not there leaves no trace in the policy, and each term of one that is changes its digest', () => {
    const [none, first] = [parsed(null), parsed(`{ uses: 20, for: 2h, ${WHEN} }`)];
    expect(none.bundle.rules[0]?.approval).not.toHaveProperty('grant');
    const others = [
      `{ uses: 21, for: 2h, ${WHEN} }`,
      `{ uses: 20, for: 3h, ${WHEN} }`,
      `{ uses: 20, for: 2h, ${WHEN}, same: [args.to] }`,
      '{ uses: 20, for: 2h, when: { args.amount: { lt: 1000 } } }',
    ].map((grant) => parsed(grant).digest);
    expect(new Set([none.digest, first.digest, ...others]).size).toBe(6);
  });

  it.each([
    ['uses: 2, for: 1m', []],
    ['uses: 1000, for: 24h', []],
    ['uses: 1, for: 1h', [/from 2 to 1000/]],
    ['uses: 1001, for: 1h', [/from 2 to 1000/]],
    ['uses: 2, for: 59s', [/at least a minute/]],
    ['uses: 2, for: 25h', [/not a duration/]],
    ['for: 1h', [/"uses" is missing/]],
    ['uses: 2', [/"for" is missing/]],
    ['uses: 2, for: 1h, per: day', [/Unknown key "per"/]],
    ['uses: 2, for: 1h, same: []', [/list is empty/]],
    ['uses: 2, for: 1h, same: [args.a, args.a]', [/twice/]],
    ['uses: 2, for: 1h, same: [token.acr]', [/"token.acr" is no argument/]],
    ['uses: 2, for: 1h, same: [args]', [/"args" is no argument/]],
    ['uses: 2, for: 1h, same: ["args.a b"]', [/"args.a b" is no argument/]],
    ['uses: 2, for: 1h, when: {}', [/no condition/]],
    ['uses: 2, for: 1h, when: { token.acr: { eq: "2" } }', [/"token.acr" is no argument/]],
    [
      'uses: 2, for: 1h, when: { now: { changeWindow: { days: [mon], from: "08:00", to: "18:00", timeZone: UTC } } }',
      [/"now" is no argument/],
    ],
  ])('{ %s } is refused where it means nothing', (grant, expected) => {
    expect(reasons(`{ ${grant} }`)).toEqual(expected.map((reason) => expect.stringMatching(reason)));
  });

  it('that takes any arguments is warned of', () => {
    expect(parsed('{ uses: 2, for: 1h }').warnings.join()).toContain('Calls with any arguments');
    expect(parsed('{ uses: 2, for: 1h, same: [args.to] }').warnings.join()).not.toContain('any arguments');
  });
});
