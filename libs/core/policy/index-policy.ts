import { type Condition, compileCondition } from './compile-condition.js';
import { compileGrant, type GrantOf } from './grants.js';
import { type IndexedTargets, indexTargets } from './index-targets.js';
import type { MaskingProfile, PolicyBundle, PolicyRule } from './policy.types.js';

/** A policy ready to decide: one look-up by server and target, one by role, then only the rules that name both. */
export interface IndexedPolicy {
  readonly bundle: PolicyBundle;
  readonly rolesByGroup: ReadonlyMap<string, readonly string[]>;
  readonly operations: ReadonlyMap<string, IndexedOperation>;
  readonly targets: IndexedTargets<IndexedOperation>;
}

export interface IndexedOperation {
  readonly name: string;
  readonly kind: 'read' | 'write';
  readonly rulesForAny: readonly IndexedRule[];
  readonly rulesByRole: ReadonlyMap<string, readonly IndexedRule[]>;
}

export interface IndexedRule {
  readonly rule: PolicyRule;
  /** Place in the file. */
  readonly order: number;
  readonly conditions: readonly Condition[];
  readonly profile: MaskingProfile | null;
  /** Of its approval. */
  readonly grant: GrantOf | null;
}

interface OperationUnderWork extends IndexedOperation {
  readonly rulesForAny: IndexedRule[];
  readonly rulesByRole: Map<string, IndexedRule[]>;
}

const indexGroups = (bundle: PolicyBundle): Map<string, string[]> => {
  const rolesByGroup = new Map<string, string[]>();
  for (const role of Object.keys(bundle.roles).sort()) {
    for (const group of bundle.roles[role]?.groups ?? []) append(rolesByGroup, group, role);
  }
  return rolesByGroup;
};

const append = <K, V>(lists: Map<K, V[]>, key: K, value: V): void => {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
};

const indexRule = (bundle: PolicyBundle, rule: PolicyRule, order: number): IndexedRule => ({
  rule,
  order,
  conditions: rule.when.map(compileCondition),
  profile: rule.mask === null ? null : profileOf(bundle, rule.mask),
  grant: rule.approval?.grant === undefined ? null : compileGrant(rule.approval.grant),
});

const profileOf = (bundle: PolicyBundle, name: string): MaskingProfile => {
  const profile = Object.hasOwn(bundle.masking, name) ? bundle.masking[name] : undefined;
  if (profile === undefined) throw new TypeError(`policy: no masking profile ${name}`);
  return profile;
};

/**
 * Compiles a bundle once; decisions then cost the same at ten rules and at ten thousand.
 * The bundle must come from `parsePolicyFile` or be one whose digest was verified.
 * @throws TypeError when the bundle is not of semantics 1 or names something it does not define.
 */
export const indexPolicy = (bundle: PolicyBundle): IndexedPolicy => {
  if (bundle.semantics !== 1) throw new TypeError(`policy: semantics ${bundle.semantics} is not known`);
  const operations = new Map<string, OperationUnderWork>();
  for (const [name, { kind }] of Object.entries(bundle.operations)) {
    operations.set(name, { name, kind, rulesForAny: [], rulesByRole: new Map() });
  }
  for (const [order, rule] of bundle.rules.entries()) {
    const indexed = indexRule(bundle, rule, order);
    for (const name of rule.operations) {
      const operation = operations.get(name);
      if (operation === undefined) throw new TypeError(`policy: no operation ${name}`);
      if (rule.roles === 'any') operation.rulesForAny.push(indexed);
      else for (const role of rule.roles) append(operation.rulesByRole, role, indexed);
    }
  }
  const targets = indexTargets(bundle.operations, operations);
  return { bundle, rolesByGroup: indexGroups(bundle), operations, targets };
};
