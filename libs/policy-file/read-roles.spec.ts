import { describe, expect, it } from 'vitest';
import { problemsOf } from './examples/mistakes.fixture.js';
import { parsePolicyFile } from './parse-policy-file.js';

const policy = (manager: string): string => `
policy: 1
name: branch
default: deny
roles:
  clerk: { groups: [CLERKS] }
  manager: ${manager}
  deputy: { groups: [DEPUTIES] }
operations:
  transfer: { kind: write, tools: [bank/transfer] }
rules:
  - { id: T-1, says: Clerks transfer., roles: [clerk], allow: [transfer], approval: { by: [manager] } }
tests:
  - { as: clerk, call: bank/transfer, expect: approval 1 T-1 }
`;
const rolesOf = (manager: string) => parsePolicyFile(policy(manager), 'policy.yaml').bundle.roles;

describe('the delegation of a role', () => {
  it('says to whom and for how long; without it the role is what it always was', () => {
    expect(rolesOf('{ groups: [M], delegates: { to: [deputy], max: 14d } }')['manager']).toEqual({
      groups: ['M'],
      delegates: { to: ['deputy'], max_s: 14 * 86_400 },
    });
    expect(rolesOf('{ groups: [M] }')['manager']).toEqual({ groups: ['M'] });
  });

  it('is a use of the role it names', () => {
    const { warnings } = parsePolicyFile(
      policy('{ groups: [M], delegates: { to: [deputy], max: 8h } }'),
      'p',
    );
    expect(warnings.join()).not.toContain('deputy');
    expect(parsePolicyFile(policy('{ groups: [M] }'), 'p').warnings.join()).toContain('"deputy"');
  });

  it.each([
    ['to itself', '{ to: [manager], max: 14d }', 'votes with it in person'],
    ['to an unknown role', '{ to: [chief], max: 14d }', 'Unknown role "chief"'],
    ['to nobody', '{ to: [], max: 14d }', 'This list is empty'],
    ['without an end', '{ to: [deputy] }', '"max" is missing'],
    ['for more than 90 days', '{ to: [deputy], max: 91d }', 'is not a duration'],
    ['with more words', '{ to: [deputy], max: 1d, again: true }', 'Unknown key "again"'],
  ])('%s is refused', (_, delegates, reason) => {
    const reasons = problemsOf(policy(`{ groups: [M], delegates: ${delegates} }`)).map((one) => one.reason);
    expect(reasons.join()).toContain(reason);
  });
});
