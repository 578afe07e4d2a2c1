import type { Digest } from '#core/hash.js';
import { indexPolicy } from '#core/policy/index-policy.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { runPolicyTests } from '#core/policy/run-policy-tests.js';
import { checkAlternatives, checkReachability, noteOwnApprovals, noteUnused } from './check-rules.js';
import { parseYaml } from './parse-yaml.js';
import { digestOf } from './policy-digest.js';
import { collectFindings, type Findings, formatProblem, inFileOrder, PolicyFileError } from './problems.js';
import { readMasking } from './read-masking.js';
import { fieldsOf, isName, NAME_HINT, textOf } from './read-node.js';
import { readOperations } from './read-operations.js';
import { readRoles } from './read-roles.js';
import { readRules } from './read-rules.js';
import { type PlacedTest, readTests } from './read-tests.js';
import { describeNode, type YamlEntry, type YamlNode } from './yaml-node.js';

export { PolicyFileError } from './problems.js';

export interface PolicyFile {
  readonly bundle: PolicyBundle;
  readonly digest: Digest;
  /** Worth a look, in file order, each as `file:line:column path: reason Next: step`; the policy is valid. */
  readonly warnings: readonly string[];
}

/**
 * Reads a policy file (YAML 1.2, format `policy: 1`) and runs its tests. `fileName` is only for messages.
 * @throws PolicyFileError with every problem, in file order, when anything is unknown, mistyped, contradictory,
 * unreachable, or a test of the file fails. The tests run once nothing else is wrong.
 */
export const parsePolicyFile = (text: string, fileName: string): PolicyFile => {
  const findings = collectFindings();
  const root = parseYaml(text, findings);
  const read = root && readPolicy(findings, root);
  if (read !== undefined && findings.problems.length === 0) checkTests(findings, read.bundle, read.tests);
  if (read === undefined || findings.problems.length > 0) {
    throw new PolicyFileError(fileName, inFileOrder(findings.problems));
  }
  const warnings = inFileOrder(findings.warnings).map((warning) => formatProblem(fileName, warning));
  return { bundle: read.bundle, digest: digestOf(read.bundle), warnings };
};

interface ReadPolicy {
  readonly bundle: PolicyBundle;
  readonly tests: readonly PlacedTest[];
}

const readPolicy = (findings: Findings, root: YamlNode): ReadPolicy | undefined => {
  const fields = fieldsOf(findings, root, 'the policy', {
    required: ['policy', 'name', 'default', 'roles', 'operations', 'rules'],
    optional: ['masking', 'tests'],
  });
  if (fields === undefined) return undefined;
  const section = <Section>(key: string, absent: Section, read: (node: YamlNode) => Section): Section => {
    const entry = fields.get(key);
    return entry ? read(entry.value) : absent;
  };
  section('policy', undefined, (node) => checkSemantics(findings, node));
  section('default', undefined, (node) => checkDefault(findings, node));
  const words = {
    roles: section('roles', {}, (node) => readRoles(findings, node)),
    operations: section('operations', {}, (node) => readOperations(findings, node)),
    masking: section('masking', {}, (node) => readMasking(findings, node)),
  };
  const placed = section('rules', [], (node) => [...readRules(findings, node, words)]);
  const rules = placed.map(({ rule }) => rule);
  const ruleIds = rules.map((rule) => rule.id);
  const tests = section('tests', [], (node) => [...readTests(findings, node, { ...words, ruleIds })]);
  checkReachability(findings, placed, words);
  checkAlternatives(findings, placed);
  noteOwnApprovals(findings, placed);
  const delegates = Object.values(words.roles).flatMap((role) => role.delegates?.to ?? []);
  const roleEntries = entriesOf(fields.get('roles')).filter(({ key }) => !delegates.includes(key));
  noteUnused(findings, placed, roleEntries, entriesOf(fields.get('operations')));
  if (!fields.has('tests'))
    findings.warn(root, 'The policy has no tests.', 'add "tests:"; they run at each load.');
  const name = section('name', '', (node) => readName(findings, node));
  const bundle: PolicyBundle = { semantics: 1, name, ...words, rules, tests: tests.map(({ test }) => test) };
  return { bundle, tests };
};

const entriesOf = (entry: YamlEntry | undefined): readonly YamlEntry[] =>
  entry?.value.kind === 'map' ? entry.value.entries : [];

const checkSemantics = (findings: Findings, node: YamlNode): void => {
  if (node.kind === 'number' && node.source === '1') return;
  findings.refuse(node, `The policy version is ${describeNode(node)}; only 1 is known.`, 'write policy: 1.');
};

const checkDefault = (findings: Findings, node: YamlNode): void => {
  if (node.kind === 'text' && node.value === 'deny') return;
  const reason = `What no rule allows is always denied; found ${describeNode(node)}.`;
  findings.refuse(node, reason, 'write default: deny.');
};

const readName = (findings: Findings, node: YamlNode): string => {
  const name = textOf(findings, node, 'a name');
  if (name !== undefined && !isName(name)) findings.refuse(node, `"${name}" is not a name.`, NAME_HINT);
  return name ?? '';
};

const checkTests = (findings: Findings, bundle: PolicyBundle, tests: readonly PlacedTest[]): void => {
  for (const failure of runPolicyTests(indexPolicy(bundle))) {
    const at = tests[failure.test]?.node ?? { line: 1, column: 1, path: 'tests' };
    const reason = `The test fails: expected "${failure.expected}", decided "${failure.actual}".`;
    findings.refuse(at, reason, 'correct the rule or the test.');
  }
};
