import { describe, expect, it } from 'vitest';
import { problemsOf } from './examples/mistakes.fixture.js';
import { parsePolicyFile } from './parse-policy-file.js';

const policy = (approval: string, test = 'expect: approval 1'): string => `
policy: 1
name: transfers
default: deny
roles:
  clerk: { groups: [CLERKS] }
  manager: { groups: [MANAGERS] }
  director: { groups: [DIRECTORS] }
  risk: { groups: [RISK] }
operations:
  transfer: { kind: write, tools: [bank/transfer] }
rules:
  - id: T-1
    says: Clerks transfer with approval.
    roles: [clerk]
    allow: [transfer]
    approval: ${approval}
tests:
  - { as: clerk, call: bank/transfer, ${test} }
`;
const demandOf = (approval: string, test?: string) =>
  parsePolicyFile(policy(approval, test), 'policy.yaml').bundle.rules[0]?.approval;
const EITHER = '{ any_of: [{ by: [manager], count: 2 }, { by: [director] }] }';
const FOUR = ['clerk', 'manager', 'director', 'risk'].map((role) => `{ by: [${role}], count: 2 }`);
const BOTH = '{ all_of: [{ by: [risk] }, { by: [manager] }] }';

describe('the approval of a rule', () => {
  it('names other ways in any_of, in one order whatever the order in the file', () => {
    const demand = {
      by: ['director'],
      count: 1,
      or: [{ by: ['manager'], count: 2 }],
      expires_s: 1_800,
    };
    expect(demandOf(EITHER)).toEqual(demand);
    expect(demandOf('{ any_of: [{ by: [director] }, { by: [manager], count: 2 }] }')).toEqual(demand);
  });

  it('names all who are needed in all_of, any_of among them', () => {
    expect(demandOf(BOTH, 'expect: approval 2')).toEqual({
      by: ['manager'],
      count: 1,
      and: [{ by: ['risk'], count: 1 }],
      expires_s: 1_800,
    });
    const nested =
      '{ all_of: [{ by: [risk] }, { any_of: [{ by: [manager], count: 2 }, { by: [director] }] }] }';
    expect(demandOf(nested, 'expect: approval 2, granted_by: [risk, director]')).toMatchObject({
      by: ['director'],
      or: [{ by: ['manager'], count: 2 }],
      and: [{ by: ['risk'], count: 1 }],
    });
  });

  it('is tried out by the tests of the file', () => {
    const tried = 'expect: approval 2, granted_by: [risk, manager], not_granted_by: [[risk, manager]]';
    expect(problemsOf(policy(BOTH, tried))).toEqual([]);
    const shared = BOTH.replace('{ all_of', '{ distinct: false, all_of');
    expect(problemsOf(policy(shared, tried)).map(({ reason }) => reason)).toEqual([
      'The test fails: expected "not granted by manager+risk", decided "granted by manager+risk".',
    ]);
    expect(
      problemsOf(policy(EITHER, 'expect: approval 1, granted_by: [manager]')).map(({ reason }) => reason),
    ).toEqual(['The test fails: expected "granted by manager", decided "not granted by manager".']);
  });

  it('escalates a requirement to more roles after a time', () => {
    expect(demandOf('{ by: [manager], escalate: { after: 4h, to: [risk, director] }, expires: 8h }')).toEqual(
      {
        by: ['manager'],
        count: 1,
        escalate: { after_s: 14_400, to: ['director', 'risk'] },
        expires_s: 28_800,
      },
    );
  });

  it('warns when one person with all the roles can approve alone', () => {
    const text = policy(BOTH.replace('{ all_of', '{ distinct: false, all_of'), 'expect: approval 2');
    const { bundle, warnings } = parsePolicyFile(text, 'policy.yaml');
    expect(bundle.rules[0]?.approval).toMatchObject({ distinct: false });
    expect(warnings.join('\n')).toContain('One person who has all the roles can approve alone.');
  });

  it.each([
    ['nobody', '{ expires: 1h }', /not said who approves/],
    [
      'two forms',
      '{ by: [manager], any_of: [{ by: [director] }, { by: [risk] }] }',
      /Both "by" and "any_of"/,
    ],
    ['a count beside any_of', EITHER.replace('{ any_of', '{ count: 2, any_of'), /"count" goes with "by"/],
    ['one way', '{ any_of: [{ by: [manager] }] }', /only one way/],
    [
      'a way that never matters',
      '{ any_of: [{ by: [manager], count: 2 }, { by: [manager, director] }] }',
      /never matters: 1 of director\|manager is enough/,
    ],
    [
      'more ways than the limit',
      `{ any_of: [${FOUR}, { by: [clerk, risk], count: 3 }] }`,
      /More than 4 ways/,
    ],
    ['one requirement', '{ all_of: [{ by: [manager] }] }', /only one requirement/],
    ['the same requirement twice', '{ all_of: [{ by: [risk] }, { by: [risk] }] }', /"risk" is asked twice/],
    [
      'more people than the limit',
      '{ all_of: [{ by: [risk], count: 6 }, { by: [manager], count: 5 }] }',
      /More than 10 people/,
    ],
    ['all_of within all_of', `{ all_of: [${BOTH}, { by: [director] }] }`, /Unknown key "all_of"/],
    ['a distinct that is neither', BOTH.replace('{ all_of', '{ distinct: no, all_of'), /true or false/],
    [
      'an escalation after its end',
      '{ by: [manager], escalate: { after: 30m, to: [director] } }',
      /expires before it escalates/,
    ],
    [
      'an escalation to those who are asked anyway',
      '{ by: [manager], escalate: { after: 1m, to: [manager] } }',
      /may approve from the start/,
    ],
    [
      'an escalation of all',
      BOTH.replace(' }] }', ' }], escalate: { after: 1m, to: [director] } }'),
      /goes with one/,
    ],
    ['an escalation to nobody', '{ by: [manager], escalate: { after: 1m } }', /"to" is missing/],
    ['an unknown role among the ways', EITHER.replace('director', 'directors'), /Unknown role "directors"/],
  ])('that names %s is refused', (_, approval, reason) => {
    expect(problemsOf(policy(approval)).map((problem) => problem.reason)).toEqual(
      expect.arrayContaining([expect.stringMatching(reason)]),
    );
  });

  it('has votes in a test only where there is one', () => {
    const text = policy(BOTH, 'expect: approval 2')
      .replace('approval: {', 'mask: {')
      .replace(/mask: .*\n/, '\n');
    const found = problemsOf(text.replace('expect: approval 2', 'expect: allow T-1, granted_by: [risk]'));
    expect(found.map(({ reason }) => reason)).toContain('Nobody votes on this call.');
  });

  it('may be one of four with any_of in an operation', () => {
    const rule = (id: string, count: number) =>
      `  - { id: ${id}, says: More., roles: any, on: [transfer], approval: ${EITHER.replace('2', `${count}`)} }\n`;
    const rules = (ids: readonly string[]) => ids.map((id, at) => rule(id, at + 3)).join('');
    const four = policy(EITHER).replace('tests:', `${rules(['A', 'B', 'C'])}tests:`);
    const five = policy(EITHER).replace('tests:', `${rules(['A', 'B', 'C', 'D'])}tests:`);
    const said = (text: string) => problemsOf(text).map(({ reason }) => reason);
    expect(said(four).join()).not.toContain('requirements with any_of');
    expect(said(five)).toContain('"transfer" has more than 4 requirements with any_of.');
  });
});

describe('break-glass of an approval', () => {
  const withGlass = (glass: string) => `{ by: [manager], break_glass: ${glass} }`;

  it('names two roles, who reviews, and by when', () => {
    expect(demandOf(withGlass('{ roles: [risk, director], review: [clerk], within: 4h }'))).toEqual({
      by: ['manager'],
      count: 1,
      expires_s: 1_800,
      break_glass: { roles: ['director', 'risk'], review: ['clerk'], within_s: 14_400 },
    });
    const unsaid = demandOf(withGlass('{ roles: [risk, director], review: [clerk] }'));
    expect(unsaid?.break_glass?.within_s).toBe(86_400);
  });

  it.each([
    ['one role', '{ roles: [risk], review: [clerk] }', 'takes two roles'],
    ['three roles', '{ roles: [risk, director, manager], review: [clerk] }', 'takes two roles'],
    ['an unknown role', '{ roles: [risk, chief], review: [clerk] }', 'Unknown role "chief"'],
    ['nobody who reviews', '{ roles: [risk, director] }', '"review" is missing'],
    ['a review after days', '{ roles: [risk, director], review: [clerk], within: 25h }', 'is not a duration'],
  ])('with %s is refused', (_, glass, reason) => {
    const reasons = problemsOf(policy(withGlass(glass))).map((problem) => problem.reason);
    expect(reasons.join()).toContain(reason);
  });
});
