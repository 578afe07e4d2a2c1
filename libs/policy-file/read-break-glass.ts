import type { BreakGlass } from '#core/approval/requirement.js';
import type { Findings } from './problems.js';
import { readDuration } from './read-duration.js';
import { fieldsOf, knownSetOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

export const REVIEW_S_DEFAULT = 24 * 60 * 60;
/** Two, never one: who is alone in an emergency waits for a second one. */
const BREAKERS = 2;

/** `break_glass:` of an approval. */
export const readBreakGlass = (
  findings: Findings,
  node: YamlNode,
  known: readonly string[],
): BreakGlass | undefined => {
  const fields = fieldsOf(findings, node, 'break-glass', {
    required: ['roles', 'review'],
    optional: ['within'],
  });
  const [who, afterwards, within] = [fields?.get('roles'), fields?.get('review'), fields?.get('within')];
  const roles = who && knownSetOf(findings, who.value, 'role', known);
  const review = afterwards && knownSetOf(findings, afterwards.value, 'role', known);
  const within_s = within ? readDuration(findings, within.value) : REVIEW_S_DEFAULT;
  if (who && roles?.length && roles.length !== BREAKERS)
    findings.refuse(who.value, 'Break-glass takes two roles, one human of each.', 'name two roles.');
  if (roles?.length !== BREAKERS || !review?.length || within_s === undefined) return undefined;
  return { roles, review, within_s };
};
