import { splitTool } from '#core/policy/index-policy.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { fieldsOf, knownOf, namedEntriesOf, textSetOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

const SERVER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TOOL = /^[A-Za-z0-9._/-]{1,128}$/;

/** `operations:`: names for sets of tools; the kind is what policy says it is, not the upstream's hint. */
export const readOperations = (findings: Findings, node: YamlNode): PolicyBundle['operations'] => {
  /** Tool -> the operation that has it. */
  const owners = new Map<string, string>();
  const operations = namedEntriesOf(findings, node, 'operations').map(({ key, value }) => {
    const fields = fieldsOf(findings, value, 'the operation', { required: ['kind', 'tools'] });
    const kind = fields?.get('kind');
    const tools = fields?.get('tools');
    const names =
      tools &&
      textSetOf(findings, tools.value, 'a list of tools', (tool, at) => {
        return checkTool(findings, at, tool) && claimTool(findings, at, tool, key, owners);
      });
    const read = kind && knownOf(findings, kind.value, 'kind', ['read', 'write'] as const);
    return [key, { kind: read ?? 'write', tools: names ?? [] }] as const;
  });
  return Object.fromEntries(operations);
};

const checkTool = (findings: Findings, at: YamlNode, name: string): boolean => {
  const tool = splitTool(name);
  if (tool !== undefined && SERVER.test(tool.server) && TOOL.test(tool.tool)) return true;
  const wildcard = name.includes('*') ? ' Wildcards are not supported.' : '';
  findings.refuse(
    at,
    `"${name}" is not a tool.${wildcard}`,
    'write server/tool, each tool by its full name.',
  );
  return false;
};

const claimTool = (
  findings: Findings,
  at: YamlNode,
  tool: string,
  operation: string,
  owners: Map<string, string>,
): boolean => {
  const owner = owners.get(tool);
  owners.set(tool, owner ?? operation);
  if (owner === undefined) return true;
  findings.refuse(at, `"${tool}" is in the operation "${owner}" already.`, 'keep it in one operation.');
  return false;
};
