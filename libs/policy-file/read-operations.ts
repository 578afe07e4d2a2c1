import type { PolicyBundle, PolicyOperation, TargetKind } from '#core/policy/policy.types.js';
import { checkTarget, TARGET_CHARS_MAX } from './check-target.js';
import { claimTargets } from './claim-targets.js';
import type { Findings } from './problems.js';
import { fieldsOf, knownOf, namedEntriesOf, textSetOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

/** The key of the file for each kind of target, which is also the member of the bundle. */
const LISTS = { tool: 'tools', prompt: 'prompts', resource: 'resources', method: 'methods' } as const;
const KINDS = Object.keys(LISTS) as TargetKind[];
const KEYS = Object.values(LISTS);

/** `operations:`: names for sets of targets; the kind is what policy says it is, not the upstream's hint. */
export const readOperations = (findings: Findings, node: YamlNode): PolicyBundle['operations'] => {
  const claim = claimTargets(findings);
  const operations = namedEntriesOf(findings, node, 'operations').map(({ key, value }) => {
    const fields = fieldsOf(findings, value, 'the operation', { required: ['kind'], optional: KEYS });
    if (fields !== undefined && !KEYS.some((list) => fields.has(list))) {
      findings.refuse(value, 'The operation names no target.', 'add tools, prompts, resources or methods.');
    }
    const kind = fields?.get('kind');
    const read = kind && knownOf(findings, kind.value, 'kind', ['read', 'write'] as const);
    const lists = KINDS.flatMap((target) => {
      const list = fields?.get(LISTS[target]);
      if (list === undefined) return [];
      const isTarget = (text: string, at: YamlNode): boolean =>
        checkTarget(findings, at, target, text) && claim(at, target, text, key);
      const texts = textSetOf(findings, list.value, `a list of ${LISTS[target]}`, isTarget, TARGET_CHARS_MAX);
      return [[LISTS[target], texts ?? []] as const];
    });
    // `tools` is always there and the others only when the file has them: older bundles keep their digest.
    const operation: PolicyOperation = { kind: read ?? 'write', tools: [], ...Object.fromEntries(lists) };
    return [key, operation] as const;
  });
  return Object.fromEntries(operations);
};
