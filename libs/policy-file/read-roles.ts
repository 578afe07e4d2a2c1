import type { PolicyBundle, PolicyRole } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { readLongDuration } from './read-duration.js';
import { fieldsOf, knownSetOf, namedEntriesOf, textSetOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

/** `roles:`: each role with the OIDC groups that give it. A group may give several roles. */
export const readRoles = (findings: Findings, node: YamlNode): PolicyBundle['roles'] => {
  const entries = namedEntriesOf(findings, node, 'roles');
  const names = entries.map(({ key }) => key);
  const roles = entries.map(({ key, keyAt, value }) => {
    if (key === 'any')
      findings.refuse(keyAt, '"any" cannot be a role: it means every role.', 'rename the role.');
    const fields = fieldsOf(findings, value, 'the role', { required: ['groups'], optional: ['delegates'] });
    const groups = fields?.get('groups');
    const delegation = fields?.get('delegates');
    const delegates = delegation && readDelegates(findings, delegation.value, key, names);
    return [
      key,
      {
        groups: (groups && textSetOf(findings, groups.value, 'a list of groups')) ?? [],
        ...(delegates && { delegates }),
      },
    ] as const;
  });
  return Object.fromEntries(roles);
};

/** `delegates:` of a role: to whom its holders may delegate it, and for how long. */
const readDelegates = (
  findings: Findings,
  node: YamlNode,
  role: string,
  known: readonly string[],
): PolicyRole['delegates'] => {
  const fields = fieldsOf(findings, node, 'the delegation', { required: ['to', 'max'] });
  const [who, max] = [fields?.get('to'), fields?.get('max')];
  const to = who && knownSetOf(findings, who.value, 'role', known);
  const max_s = max && readLongDuration(findings, max.value);
  if (who && to?.includes(role))
    findings.refuse(who.value, `Who holds "${role}" votes with it in person.`, 'name another role.');
  return !to?.length || max_s === undefined ? undefined : { to, max_s };
};
