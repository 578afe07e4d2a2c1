import { describe, expect, it } from 'vitest';
import { type Mistake, problemsWith } from './examples/mistakes.fixture.js';
import { APPROVALS_MAX } from './read-approval.js';
import { TEXT_CHARS_MAX } from './read-node.js';

const KINDS = '- { kinds: [US_SSN, PAN, BANK_ACCOUNT, PERSON, DOB, ADDRESS, EMAIL, PHONE], do: redact }';
const SCAN = '- { unscannable: [image, audio, binary, over-limit], do: block }';
const READ = 'customer.read:  { kind: read,  tools: [crm/customer_query, crm/customer_get] }';

const MISTAKES: readonly Mistake[] = [
  // the head
  ['no version', ['policy: 1 ', '# '], 2, /"policy" is missing/],
  ['a version of the future', ['policy: 1 ', 'policy: 2 '], 1, /only 1 is known/],
  ['a version as text', ['policy: 1 ', 'policy: "1" '], 1, /only 1 is known/],
  ['a default of allow', ['default: deny', 'default: allow'], 3, /always denied/],
  ['no default', ['default: deny\n', ''], 1, /"default" is missing/],
  ['an empty name', ['name: retail-bank', 'name: " "'], 2, /text is empty/],
  ['a name with blanks', ['name: retail-bank', 'name: retail bank'], 2, /not a name/],
  ['an unknown section', ['masking:\n', 'maskings:\n'], 34, /Unknown key "maskings"/],
  // roles
  [
    'an unknown key in a role',
    ['{ groups: [BANK-DATA-ENG] }', '{ group: [BANK-DATA-ENG] }'],
    6,
    /Unknown key "group"/,
  ],
  ['empty groups', ['groups: [BANK-DATA-ENG]', 'groups: []'], 6, /list is empty/],
  [
    'groups that are no list',
    ['groups: [BANK-DATA-ENG]', 'groups: BANK-DATA-ENG'],
    6,
    /Expected a list of groups/,
  ],
  [
    'a group that is a number',
    ['groups: [BANK-DATA-ENG]', 'groups: [17]'],
    6,
    /Expected a text, in quotes, found the number 17/,
  ],
  ['a group twice', ['groups: [BANK-DATA-ENG]', 'groups: [A, A]'], 6, /"A" is in the list twice/],
  ['a role called any', ['manager:       {', 'any: {'], 7, /"any" cannot be a role/],
  ['a role with blanks in its name', ['  manager:       {', '  the manager: {'], 7, /not a name/],
  [
    'a role twice',
    ['  manager:       {', '  data-engineer: {'],
    7,
    /"data-engineer" is here twice, first on line 6/,
  ],
  // operations
  ['a kind that is neither read nor write', ['kind: read', 'kind: raed'], 9, /Unknown kind "raed"/],
  ['an operation without tools', [READ, 'customer.read: { kind: read, tools: [] }'], 9, /list is empty/],
  [
    'a tool in two operations',
    ['tools: [crm/customer_update]', 'tools: [crm/customer_update, crm/customer_get]'],
    10,
    /"crm\/customer_get" is in the operation "customer.read" already/,
  ],
  [
    'a tool twice in one operation',
    ['tools: [crm/customer_update]', 'tools: [crm/customer_update, crm/customer_update]'],
    10,
    /twice/,
  ],
  [
    'a tool without its server',
    ['tools: [crm/customer_update]', 'tools: [customer_update]'],
    10,
    /not a tool/,
  ],
  [
    'a wildcard',
    ['tools: [crm/customer_update]', 'tools: [crm/customer_update, crm/*]'],
    10,
    /Wildcards are not supported/,
  ],
  // rules
  [
    'an unknown key in a rule',
    ['mask: pii-standard\n  - id: RA-2', 'masks: pii-standard\n  - id: RA-2'],
    17,
    /Unknown key "masks"/,
  ],
  ['an id twice', ['id: RA-2', 'id: RA-1'], 18, /"RA-1" is taken by the rule on line 12/],
  ['an id that is a word of the tests', ['id: HR-1', 'id: masked'], 28, /word of "expect:"/],
  [
    'a rule that says nothing',
    ['    says: Risk analysts may never change customer data.\n', ''],
    18,
    /"says" is missing/,
  ],
  [
    'an unknown role',
    ['roles: [risk-analyst]\n    deny', 'roles: [risk-analist]\n    deny'],
    20,
    /Unknown role "risk-analist"/,
  ],
  [
    'a role outside a list',
    ['roles: [risk-analyst]\n    deny', 'roles: risk-analyst\n    deny'],
    20,
    /Expected a list of roles, or any/,
  ],
  [
    'an unknown operation',
    ['deny: [customer.write]', 'deny: [customer.delete]'],
    21,
    /Unknown operation "customer.delete"/,
  ],
  ['a rule that does nothing', ['    deny: [customer.write]\n', ''], 18, /does not say what it does/],
  [
    'allow and deny in one rule',
    ['deny: [customer.write]', 'deny: [customer.write]\n    allow: [customer.read]'],
    21,
    /both "allow" and "deny"/,
  ],
  [
    'an approval in a deny rule',
    ['deny: [customer.write]', 'deny: [customer.write]\n    approval: { by: [manager] }'],
    22,
    /takes no "approval"/,
  ],
  [
    'a mask in a deny rule',
    ['deny: [customer.write]', 'deny: [customer.write]\n    mask: pii-standard'],
    22,
    /takes no "mask"/,
  ],
  [
    'an obligation without one',
    ['    approval: { by: [manager], count: 2, expires: 15m }\n', ''],
    28,
    /changes nothing/,
  ],
  [
    'an unknown masking profile',
    ['mask: pii-standard\n  - id: RA-2', 'mask: pii-strict\n  - id: RA-2'],
    17,
    /Unknown masking profile "pii-strict"/,
  ],
  [
    'a rule shadowed by a deny',
    ['deny: [customer.write]', 'deny: [customer.write, customer.read]'],
    12,
    /can never apply: RA-2 always denies/,
  ],
  [
    'a rule shadowed by a deny for any',
    ['roles: [risk-analyst]\n    deny', 'roles: any\n    deny'],
    28,
    /can never apply: RA-2 always denies/,
  ],
  // approvals
  [
    'an approver role that does not exist',
    ['by: [manager], count: 2', 'by: [managers], count: 2'],
    33,
    /Unknown role "managers"/,
  ],
  ['any as approver', ['by: [manager], count: 2', 'by: any, count: 2'], 33, /Expected a list of roles/],
  ['an approval by nobody', ['by: [manager], count: 2', 'by: [], count: 2'], 33, /list is empty/],
  ['no approvals', ['count: 2', 'count: 0'], 33, /whole number from 1 to 10/],
  ['half an approval', ['count: 2', 'count: 1.5'], 33, /whole number/],
  ['a duration without a unit', ['expires: 15m', 'expires: 15'], 33, /Expected a duration/],
  ['a duration in days', ['expires: 15m', 'expires: 1d'], 33, /not a duration/],
  ['a duration over a day', ['expires: 15m', 'expires: 86401s'], 33, /not a duration/],
  ['no time at all', ['expires: 15m', 'expires: 0m'], 33, /not a duration/],
  ['a rule text over the limit', ['Any change', 'x'.repeat(TEXT_CHARS_MAX)], 29, /Longer than/],
  [
    'more approvals than the limit',
    ['count: 2', `count: ${APPROVALS_MAX + 1}`],
    33,
    /whole number from 1 to 10/,
  ],
  // masking
  ['an unknown kind', ['US_SSN, PAN', 'US_SSM, PAN'], 36, /Unknown kind "US_SSM"/],
  ['another masking operator', ['do: redact', 'do: token'], 36, /Unknown masking operator "token"/],
  [
    'a kind twice',
    [KINDS, `${KINDS}\n    - { kinds: [PAN], do: redact }`],
    37,
    /"PAN" is in this profile twice/,
  ],
  ['a profile that masks nothing', [`    ${KINDS}\n`, ''], 36, /masks no kind/],
  ['an unknown unscannable', ['[image, audio', '[picture, audio'], 37, /Unknown unscannable thing "picture"/],
  [
    'an unscannable thing redacted',
    [SCAN, SCAN.replace('block', 'redact')],
    37,
    /Unknown treatment "redact"/,
  ],
  [
    'an unscannable thing twice',
    [SCAN, `${SCAN}\n    - { unscannable: [image], do: keep }`],
    38,
    /"image" is in this profile twice/,
  ],
  ['an empty profile', ['pii-standard:\n', 'other: []\n  pii-standard:\n'], 35, /list is empty/],
  // tests
  ['a failing test', ['expect: deny RA-2', 'expect: allow'], 40, /expected "allow", decided "deny RA-2"/],
  [
    'a test with the wrong number of approvals',
    ['approval 2 DE-1', 'approval 1 DE-1'],
    42,
    /decided "approval 2 DE-1 HR-1 masked"/,
  ],
  [
    'a test that misses a rule',
    ['DE-1 HR-1 masked', 'DE-1 masked'],
    42,
    /decided "approval 2 DE-1 HR-1 masked"/,
  ],
  ['a test that overlooks the mask', ['allow RA-1 masked', 'allow RA-1'], 39, /decided "allow RA-1 masked"/],
  [
    'a test that takes a rule for the default',
    ['expect: deny RA-2', 'expect: deny'],
    40,
    /expected "deny", decided "deny RA-2"/,
  ],
  [
    'a test of an unknown role',
    ['as: risk-analyst,  call: crm/customer_update', 'as: risk, call: crm/customer_update'],
    40,
    /Unknown role "risk"/,
  ],
  [
    'a test of an unknown tool',
    ['call: crm/customer_query', 'call: crm/customer_queri'],
    39,
    /Unknown tool "crm\/customer_queri"/,
  ],
  ['a test of an unknown rule', ['deny RA-2', 'deny RA-9'], 40, /Unknown rule "RA-9"/],
  ['a test of an unknown outcome', ['deny RA-2', 'denied RA-2'], 40, /"denied" is not an outcome/],
  ['an approval without a number', ['approval 1 DE-1', 'approval DE-1'], 41, /not said how many/],
  ['a masked deny', ['deny RA-2', 'deny RA-2 masked'], 40, /no mask/],
  ['a number JSON cannot hold', ['amount: 50000', 'amount: 9007199254740993'], 42, /cannot hold/],
  ['a time that is none', ['args: { amount: 1 },', 'now: yesterday,'], 40, /not an instant/],
  [
    'an unknown key in a test',
    ['args: { amount: 1 },', 'arguments: { amount: 1 },'],
    40,
    /Unknown key "arguments"/,
  ],
];

describe('a policy file is refused, on the right line, for', () => {
  it.each(MISTAKES)('%s', (_, replace, line, reason) => {
    const place = new RegExp(`^${line}: .*(?:${reason.source})`);
    expect(problemsWith(replace)).toContainEqual(expect.stringMatching(place));
  });
});
