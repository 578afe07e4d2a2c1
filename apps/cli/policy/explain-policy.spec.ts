import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decideForRoles } from '#core/policy/decide-policy.js';
import { explainPolicy } from '#core/policy/explain/explain-policy.js';
import { indexPolicy } from '#core/policy/index-policy.js';
import { splitTarget } from '#core/policy/index-targets.js';
import { BRANCH } from '#policy-file/examples/branch.fixture.js';
import { parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { explainText } from './explain-text.js';

const demo = parsePolicyFile(
  readFileSync(new URL('../../../../deploy/demo/policy.yaml', import.meta.url), 'utf8'),
  'demo',
);

const CONDITIONAL = `
policy: 1
name: branch
default: deny
roles:
  clerk: { groups: [CLERKS] }
  chief: { groups: [CHIEFS] }
operations:
  pay: { kind: write, tools: [bank/pay] }
  read: { kind: read, tools: [bank/read] }
rules:
  - { id: C-1, says: Clerks pay small amounts., roles: [clerk], allow: [pay], when: { args.amount: { lte: 100 } } }
  - { id: C-2, says: Nobody pays at night., roles: any, deny: [pay], when: { args.night: { eq: true } } }
  - { id: C-3, says: Chiefs read., roles: [chief], allow: [read] }
  - { id: C-4, says: Clerks never read., roles: [clerk], deny: [read] }
  - id: C-5
    says: Reading secrets needs a chief.
    roles: any
    on: [read]
    when: { args.secret: { eq: true } }
    approval: { by: [chief], count: 2 }
tests:
  - { as: chief, call: bank/read, args: { secret: false }, expect: allow C-3 }
`;

const DELEGATED = 'chief: { groups: [CHIEFS], delegates: { to: [clerk], max: 14d } }';
const DENIED = 'tests: [{ as: clerk, call: bank/read, expect: deny C-4 }]';
const COVERS =
  '{ by: [clerk], grant: { uses: 20, for: 2h, when: { args.amount: { lte: 9 } }, same: [args.from] }, ' +
  'break_glass: { roles: [chief, clerk], review: [chief], within: 1h } }';

const cell = (cells: ReturnType<typeof explainPolicy>, role: string, operation: string) =>
  cells.find((each) => each.role === role && each.operation === operation);

describe('who may do what', () => {
  it('agrees with the evaluator wherever no condition plays a part', () => {
    const policy = indexPolicy(demo.bundle);
    const plain = explainPolicy(demo.bundle).filter(({ conditional }) => conditional.length === 0);
    expect(plain.length).toBeGreaterThan(20);
    for (const { role, operation, effect, rules } of plain) {
      const target = splitTarget(demo.bundle.operations[operation]?.tools[0] ?? '');
      if (target === undefined) throw new Error(operation);
      const call = { server: target.server, tool: target.name, args: {}, token: {}, now: '' };
      const decided = decideForRoles(policy, [role], call);
      expect({ role, operation, effect, rules }).toEqual({
        role,
        operation,
        effect: decided.effect,
        rules: decided.rules,
      });
    }
  });

  it('has a row for operations of prompts, resources and methods as well', () => {
    const { bundle } = parsePolicyFile(BRANCH, 'branch');
    const cells = explainPolicy(bundle).map(({ operation, effect, rules }) => [operation, effect, ...rules]);
    expect(cells).toEqual([
      ['documents.use', 'allow', 'B-1'],
      ['statements.read', 'allow', 'B-1'],
      ['minutes.read', 'deny', 'B-3'],
      ['documents.ask', 'allow', 'B-1'],
    ]);
  });

  it('lists the rules whose conditions change the answer', () => {
    const transfer = cell(explainPolicy(demo.bundle), 'data-engineer', 'funds.transfer');
    expect(transfer?.effect).toBe('approval');
    expect(transfer?.conditional.map(({ rule, when }) => [rule, when])).toEqual([
      ['HR-1', ['args.amount gt 10000']],
    ]);
  });

  it('shows an allowance that hangs on a condition as denied, but', () => {
    const { bundle } = parsePolicyFile(CONDITIONAL, 'branch');
    const pay = cell(explainPolicy(bundle), 'clerk', 'pay');
    expect(pay).toMatchObject({ effect: 'deny', rules: [] });
    expect(pay?.conditional.map(({ rule }) => rule)).toEqual(['C-1', 'C-2']);
  });

  it('leaves conditions out where they change nothing: always denied, or never allowed', () => {
    const { bundle } = parsePolicyFile(CONDITIONAL, 'branch');
    const cells = explainPolicy(bundle);
    expect(cell(cells, 'clerk', 'read')).toMatchObject({ effect: 'deny', rules: ['C-4'], conditional: [] });
    expect(cell(cells, 'chief', 'pay')).toMatchObject({ effect: 'deny', rules: [], conditional: [] });
  });

  it('is a table of every role and operation, with the rules in their own words', () => {
    const text = explainText(demo.bundle, explainPolicy(demo.bundle));
    expect(text).toMatch(/risk-analyst +customer\.read +read +allow RA-1 masked/);
    expect(text).toMatch(
      /data-engineer +funds\.transfer +write +approval 1 of manager DE-1 masked +HR-1: approval 2 of manager if args\.amount gt 10000/,
    );
    expect(text).toContain('RA-2: Risk analysts may never change anything.');
  });

  it('says what an approval covers, who breaks the glass, and whose vote can be delegated', () => {
    const text = CONDITIONAL.replace('chief: { groups: [CHIEFS] }', DELEGATED)
      .replace('allow: [read] }', `allow: [read], approval: ${COVERS} }`)
      .replace(/tests:[\s\S]*/, DENIED);
    const { bundle } = parsePolicyFile(text, 'branch');
    const explained = explainText(bundle, explainPolicy(bundle));
    expect(explained).toContain(
      'approval 1 of clerk (covers up to 20 calls in 7200 s: same args.from, args.amount lte 9)' +
        ' (break-glass: chief and clerk, review by chief in 3600 s) C-3',
    );
    expect(explained).toContain('May be delegated:\n  chief: to clerk, for 1209600 s at most\n\nRules:');
  });

  it('names no grant where one of the rules that ask gives none', () => {
    const text = CONDITIONAL.replace('allow: [read] }', `allow: [read], approval: ${COVERS} }`)
      .replace(/ +when: \{ args.secret.*\n/, '')
      .replace(/tests:[\s\S]*/, DENIED);
    const { bundle } = parsePolicyFile(text, 'branch');
    expect(cell(explainPolicy(bundle), 'chief', 'read')?.approval).toMatchObject({ requirements: [{}, {}] });
    expect(explainText(bundle, explainPolicy(bundle))).not.toMatch(/covers|break-glass/);
  });

  it('says who must approve, with all ways', () => {
    const text = CONDITIONAL.replace(
      'approval: { by: [chief], count: 2 }',
      'approval: { all_of: [{ by: [clerk] }, { any_of: [{ by: [chief], count: 2 }, { by: [clerk, chief], count: 3 }] }] }',
    );
    const { bundle } = parsePolicyFile(text, 'branch');
    expect(explainText(bundle, explainPolicy(bundle))).toContain(
      'approval (2 of chief or 3 of chief|clerk) and 1 of clerk if',
    );
  });
});
