import type { JsonObject } from '#core/evidence/canonical-json.js';
import { readInstant } from '#core/policy/operators/change-window.js';
import type { PolicyExpectation, PolicyTest } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { APPROVALS_MAX } from './read-approval.js';
import { FORMS, readCalled } from './read-called.js';
import { readJsonObject } from './read-json.js';
import { fieldsOf, knownOf, knownSetOf, listOf, suggest, textOf } from './read-node.js';
import type { Vocabulary } from './read-rules.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

/** Voters in a test. */
const VOTERS_MAX = 2 * APPROVALS_MAX;

export interface PlacedTest {
  readonly test: PolicyTest;
  /** Where `expect:` is. */
  readonly node: YamlNode;
}

interface TestVocabulary extends Vocabulary {
  readonly ruleIds: readonly string[];
}

/** Who votes, to see whether it is enough: a role for each person, or a list of roles for one who has several. */
const VOTES = ['granted_by', 'not_granted_by'] as const;

type Fields = ReadonlyMap<string, YamlEntry>;

/** `tests:`: calls and what they must be decided to be. */
export const readTests = (findings: Findings, node: YamlNode, words: TestVocabulary): readonly PlacedTest[] =>
  (listOf(findings, node, 'a list of tests') ?? []).flatMap((item) => {
    const fields = fieldsOf(findings, item, 'the test', {
      required: ['as', 'expect'],
      optional: [...FORMS, 'args', 'token', 'now', ...VOTES],
    });
    const test = fields && readTest(findings, item, fields, words);
    return test ? [{ test, node: fields.get('expect')?.value ?? item }] : [];
  });

const readTest = (
  findings: Findings,
  node: YamlNode,
  fields: Fields,
  words: TestVocabulary,
): PolicyTest | undefined => {
  const [as, expect] = [fields.get('as'), fields.get('expect')];
  const [args, token, now] = [fields.get('args'), fields.get('token'), fields.get('now')];
  const roles = Object.keys(words.roles);
  const caller = as && readCaller(findings, as.value, roles);
  const target = readCalled(findings, node, fields, words);
  const expected = expect && readExpectation(findings, expect.value, words.ruleIds);
  const at = now ? readNow(findings, now.value) : null;
  // What a resource is called with is its URI; a test need not say it twice.
  const bare: JsonObject = target?.kind === 'resource' ? { uri: target.tool } : {};
  const given = {
    args: args ? readJsonObject(findings, args.value, 'a map of arguments') : bare,
    token: token ? readJsonObject(findings, token.value, 'a map of token claims') : {},
  };
  if (caller === undefined || target === undefined || expected === undefined) return undefined;
  const [grantedBy, notGrantedBy] = VOTES.map((key) => readVotes(findings, fields.get(key), roles, expected));
  return {
    as: caller,
    ...target,
    ...given,
    now: at,
    expect: expected,
    ...(grantedBy && { grantedBy }),
    ...(notGrantedBy && { notGrantedBy }),
  };
};

const readCaller = (
  findings: Findings,
  node: YamlNode,
  roles: readonly string[],
): readonly string[] | undefined => {
  if (node.kind === 'list') return knownSetOf(findings, node, 'role', roles);
  const role = knownOf(findings, node, 'role', roles);
  return role === undefined ? undefined : [role];
};

const readVotes = (
  findings: Findings,
  entry: YamlEntry | undefined,
  roles: readonly string[],
  expected: PolicyExpectation,
): readonly (readonly string[])[] | undefined => {
  if (entry === undefined) return undefined;
  if (expected.effect !== 'approval')
    findings.refuse(entry.keyAt, 'Nobody votes on this call.', 'expect an approval, or remove it.');
  const people = listOf(findings, entry.value, 'a list of voters', VOTERS_MAX) ?? [];
  return people.map((person) => readCaller(findings, person, roles) ?? []);
};

const readNow = (findings: Findings, node: YamlNode): string | null => {
  const text = textOf(findings, node, 'an instant such as 2026-11-02T22:30:00Z');
  if (text === undefined) return null;
  if (readInstant(text) === undefined) {
    findings.refuse(node, `"${text}" is not an instant in UTC.`, 'write it like 2026-11-02T22:30:00Z.');
  }
  return text;
};

/** `allow RULE.. [masked]`, `deny RULE..`, `approval N RULE.. [masked]`. */
const readExpectation = (
  findings: Findings,
  node: YamlNode,
  ruleIds: readonly string[],
): PolicyExpectation | undefined => {
  const text = textOf(findings, node, 'what is expected, such as: allow RA-1 masked');
  if (text === undefined) return undefined;
  const [effect = '', ...words] = text.split(/ +/);
  if (effect !== 'allow' && effect !== 'deny' && effect !== 'approval') {
    findings.refuse(node, `"${effect}" is not an outcome.`, suggest(effect, ['allow', 'deny', 'approval']));
    return undefined;
  }
  const count = effect === 'approval' ? readCount(findings, node, words.shift()) : null;
  const masked = words.at(-1) === 'masked';
  const rules = masked ? words.slice(0, -1) : words;
  const unknown = rules.filter((id) => !ruleIds.includes(id));
  for (const id of unknown) findings.refuse(node, `Unknown rule "${id}".`, suggest(id, ruleIds));
  if (masked && effect === 'deny') findings.refuse(node, 'A denied call has no mask.', 'remove "masked".');
  if (count === undefined || unknown.length > 0) return undefined;
  const compared = rules.length > 0 || effect === 'deny';
  return { effect, count, rules: compared ? [...new Set(rules)].sort() : null, masked };
};

const readCount = (findings: Findings, node: YamlNode, word: string | undefined): number | undefined => {
  if (word !== undefined && /^[1-9][0-9]{0,2}$/.test(word)) return Number(word);
  findings.refuse(
    node,
    'It is not said how many approvals are expected.',
    `write "approval 1" to "approval ${APPROVALS_MAX}", then the rules.`,
  );
  return undefined;
};
