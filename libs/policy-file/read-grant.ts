import { isConditionPath } from '#core/policy/compile-condition.js';
import type { GrantDemand, PolicyCondition } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { readConditions } from './read-conditions.js';
import { readDuration } from './read-duration.js';
import { fieldsOf, integerOf, textSetOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

export const GRANT_USES_MAX = 1_000;
export const GRANT_FOR_S_MIN = 60;

/** `grant:` of an approval. Undefined when it is too wrong to mean anything: then the approval is for one call. */
export const readGrant = (findings: Findings, node: YamlNode): GrantDemand | undefined => {
  const fields = fieldsOf(findings, node, 'the grant', {
    required: ['uses', 'for'],
    optional: ['same', 'when'],
  });
  if (fields === undefined) return undefined;
  const [asked, time] = [fields.get('uses'), fields.get('for')];
  const [compared, limited] = [fields.get('same'), fields.get('when')];
  const uses = asked && integerOf(findings, asked.value, { min: 2, max: GRANT_USES_MAX });
  const for_s = time && readDuration(findings, time.value);
  if (time && for_s !== undefined && for_s < GRANT_FOR_S_MIN)
    findings.refuse(time.value, 'A grant lasts at least a minute.', 'write 1m or more.');
  const same = compared && readSame(findings, compared.value);
  const when = limited && readLimits(findings, limited.value);
  if (!compared && !limited)
    findings.warn(
      node,
      'Calls with any arguments run under this grant.',
      'limit them with "when", or compare them with "same".',
    );
  if (uses === undefined || for_s === undefined) return undefined;
  return { uses, for_s, ...(same?.length && { same }), ...(when?.length && { when }) };
};

const readSame = (findings: Findings, node: YamlNode): readonly string[] | undefined =>
  textSetOf(findings, node, 'a list of arguments, such as [args.account]', (path, at) => {
    const isArgument = isConditionPath(path) && path.startsWith('args.');
    if (!isArgument) findings.refuse(at, `"${path}" is no argument.`, 'write args. and its name.');
    return isArgument;
  });

/** Who and when is for the rules to say: what approvers grant must hold by the arguments alone. */
const readLimits = (findings: Findings, node: YamlNode): readonly PolicyCondition[] => {
  const conditions = readConditions(findings, node);
  for (const { path } of conditions)
    if (!path.startsWith('args.'))
      findings.refuse(node, `"${path}" is no argument.`, 'limit a grant by args. only.');
  return conditions;
};
