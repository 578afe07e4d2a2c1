import { describe, expect, it } from 'vitest';
import { type Mistake, problemsOf, problemsWith } from './examples/mistakes.fixture.js';
import { POLICY_CHARS_MAX } from './parse-yaml.js';

const MISTAKES: readonly Mistake[] = [
  ['an anchor', ['groups: [BANK-DATA-ENG]', 'groups: &g [BANK-DATA-ENG]'], 6, /Anchors/],
  ['an alias', ['groups: [BANK-DATA-ENG]', 'groups: *g'], 6, /Aliases/],
  ['a merge key', ['{ groups: [BANK-DATA-ENG] }', '{ <<: { groups: [BANK-DATA-ENG] } }'], 6, /Merge keys/],
  ['a custom tag', ['groups: [BANK-DATA-ENG]', 'groups: !env [BANK-DATA-ENG]'], 6, /Tags/],
  ['a standard tag', ['count: 2', 'count: !!int "2"'], 33, /Tags/],
  ['a directive', ['policy: 1 ', '%YAML 1.1\n---\npolicy: 1 '], 1, /Directives/],
  ['a second document', ['tests:', '---\ntests:'], 38, /second document/],
  ['a key that is a number', ['  manager:       {', '  17: {'], 7, /key must be text/],
  ['a key that is a boolean', ['  manager:       {', '  true: {'], 7, /key must be text/],
  ['a key that is a list', ['  manager:       {', '  ? [a]\n  : {'], 7, /key must be text/],
  ['a section twice', ['masking:\n', 'roles:\n'], 34, /"roles" is here twice, first on line 4/],
  [
    'a key twice in a rule',
    ['    mask: pii-standard\n  - id: RA-2', '    mask: pii-standard\n    roles: any\n  - id: RA-2'],
    18,
    /"roles" is here twice, first on line 14/,
  ],
  ['a tab as indentation', ['    says: Any change', '\tsays: Any change'], 29, /not YAML/],
  ['an open bracket', ['deny: [customer.write]', 'deny: [customer.write'], 22, /not YAML/],
  [
    'half a character',
    ['says: Any change above 10,000 USD needs two managers.', 'says: "\\uD83D"'],
    29,
    /not Unicode/,
  ],
  [
    'a text over several lines',
    ['says: Any change above 10,000 USD needs two managers.', 'says: "a\\nb"'],
    29,
    /line breaks or invisible/,
  ],
  [
    'a text that turns its direction',
    ['says: Any change above 10,000 USD needs two managers.', 'says: "a\\u202Eb"'],
    29,
    /line breaks or invisible/,
  ],
];

describe('YAML is refused, on the right line, for', () => {
  it.each(MISTAKES)('%s', (_, replace, line, reason) => {
    const place = new RegExp(`^${line}: .*(?:${reason.source})`);
    expect(problemsWith(replace)).toContainEqual(expect.stringMatching(place));
  });

  it.each([
    ['nothing at all', ''],
    ['a list', '- policy: 1'],
    ['a plain text', 'deny everything'],
    ['more characters than the limit', `# ${'x'.repeat(POLICY_CHARS_MAX)}`],
    ['lists in lists in lists', '['.repeat(10_000)],
    ['maps in maps in maps', `${'{a: '.repeat(5000)}`],
  ])('%s', (_, text) => {
    expect(problemsOf(text)).toMatchObject([{ line: 1 }]);
  });
});
