import { uriProblem } from '#core/call/resource-uri.js';
import { splitTarget } from '#core/policy/index-targets.js';
import type { PolicyTest } from '#core/policy/policy.types.js';
import { TARGET_CHARS_MAX } from './check-target.js';
import type { Findings } from './problems.js';
import { knownOf, suggest, textOf } from './read-node.js';
import type { Vocabulary } from './read-rules.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

/** The keys under which a test names what it calls. `call` is for tools; it came first. */
export const FORMS = ['call', 'prompt', 'resource', 'method'] as const;
type Form = (typeof FORMS)[number];
const KINDS = { call: 'tool', prompt: 'prompt', resource: 'resource', method: 'method' } as const;

type Called = Pick<PolicyTest, 'kind' | 'server' | 'tool'>;

/** What a test calls; one of the four forms, at a target that the policy knows. */
export const readCalled = (
  findings: Findings,
  node: YamlNode,
  fields: ReadonlyMap<string, YamlEntry>,
  words: Pick<Vocabulary, 'operations'>,
): Called | undefined => {
  const [form, ...others] = FORMS.filter((key) => fields.has(key));
  const entry = form && fields.get(form);
  if (form === undefined || entry === undefined) {
    findings.refuse(node, 'The test calls nothing.', 'add call, prompt, resource or method.');
    return undefined;
  }
  for (const other of others) {
    const at = fields.get(other)?.keyAt ?? node;
    findings.refuse(at, `The test has both "${form}" and "${other}".`, 'write two tests.');
  }
  const known = knownTargets(words.operations)[form];
  const text =
    form === 'resource'
      ? readResource(findings, entry.value, known)
      : knownOf(findings, entry.value, KINDS[form], known);
  const target = text === undefined ? undefined : splitTarget(text);
  if (target === undefined) return undefined;
  // Tests of tools have no kind: older bundles keep their digest.
  return { ...(form === 'call' ? {} : { kind: KINDS[form] }), server: target.server, tool: target.name };
};

const knownTargets = (
  operations: Vocabulary['operations'],
): { readonly [form in Form]: readonly string[] } => {
  const all = Object.values(operations);
  return {
    call: all.flatMap(({ tools }) => tools),
    prompt: all.flatMap(({ prompts = [] }) => prompts),
    resource: all.flatMap(({ resources = [] }) => resources),
    method: all.flatMap(({ methods = [] }) => methods),
  };
};

/** Any resource of a server that the policy knows: that no pattern matches it may be just what is tested. */
const readResource = (
  findings: Findings,
  node: YamlNode,
  patterns: readonly string[],
): string | undefined => {
  const text = textOf(findings, node, 'a resource, as server/uri', TARGET_CHARS_MAX);
  if (text === undefined) return undefined;
  const target = splitTarget(text);
  const problem = target === undefined ? 'it is not server/uri' : uriProblem(target.name);
  if (target === undefined || problem !== undefined) {
    const next = 'write it like docs/file:///reports/2026.csv.';
    findings.refuse(node, `"${text}" is not a resource: ${problem}.`, next);
    return undefined;
  }
  const servers = [...new Set(patterns.flatMap((pattern) => splitTarget(pattern)?.server ?? []))];
  if (servers.includes(target.server)) return text;
  findings.refuse(node, `No operation has resources of "${target.server}".`, suggest(target.server, servers));
  return undefined;
};
