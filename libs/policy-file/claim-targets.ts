import { splitTarget } from '#core/policy/index-targets.js';
import { compileUriPattern } from '#core/policy/operators/uri-pattern.js';
import type { TargetKind } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import type { YamlNode } from './yaml-node.js';

type Claim = (at: YamlNode, kind: TargetKind, text: string, operation: string) => boolean;

interface Claimed {
  readonly text: string;
  readonly operation: string;
  readonly server: string;
  readonly pattern: string;
}

/**
 * Sees to it that a target is in one operation. For resources also: no pattern of one operation matches a URI or the
 * text of a pattern of another. Patterns that merely cross, such as `a*` and `*b`, pass; what both match is denied when
 * it is called. Complains and returns false when the target is taken.
 */
export const claimTargets = (findings: Findings): Claim => {
  const owners = new Map<string, string>();
  const resources: Claimed[] = [];
  const patterns: Claimed[] = [];
  return (at, kind, text, operation) => {
    const id = `${kind} ${text}`;
    const owner = owners.get(id);
    owners.set(id, owner ?? operation);
    if (owner !== undefined) {
      findings.refuse(at, `"${text}" is in the operation "${owner}" already.`, 'keep it in one operation.');
      return false;
    }
    const target = kind === 'resource' ? splitTarget(text) : undefined;
    if (target === undefined) return true;
    const mine = { text, operation, server: target.server, pattern: target.name };
    const isPattern = mine.pattern.includes('*');
    const rival = (isPattern ? resources : patterns).find((other) => overlap(mine, other));
    if (rival !== undefined) {
      const reason = `"${text}" overlaps "${rival.text}" of the operation "${rival.operation}".`;
      findings.refuse(at, reason, 'write patterns that have no resource in common.');
      return false;
    }
    resources.push(mine);
    if (isPattern) patterns.push(mine);
    return true;
  };
};

const overlap = (one: Claimed, other: Claimed): boolean =>
  one.operation !== other.operation &&
  one.server === other.server &&
  (compileUriPattern(one.pattern)(other.pattern) || compileUriPattern(other.pattern)(one.pattern));
