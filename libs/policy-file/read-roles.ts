import type { PolicyBundle } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { fieldsOf, namedEntriesOf, textSetOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

/** `roles:`: each role with the OIDC groups that give it. A group may give several roles. */
export const readRoles = (findings: Findings, node: YamlNode): PolicyBundle['roles'] => {
  const roles = namedEntriesOf(findings, node, 'roles').map(({ key, keyAt, value }) => {
    if (key === 'any')
      findings.refuse(keyAt, '"any" cannot be a role: it means every role.', 'rename the role.');
    const fields = fieldsOf(findings, value, 'the role', { required: ['groups'] });
    const groups = fields?.get('groups');
    return [
      key,
      { groups: (groups && textSetOf(findings, groups.value, 'a list of groups')) ?? [] },
    ] as const;
  });
  return Object.fromEntries(roles);
};
