import { differences } from '../../catalog/definition-difference.js';
import type { Json, JsonObject } from '../../evidence/canonical-json.js';
import type { PolicyBundle } from '../policy.types.js';
import { exceptionText, verdictText } from './cell-text.js';
import { type ExplainedCell, explainPolicy } from './explain-policy.js';

/** One place where two policies differ; a side without it has no value. */
export interface PolicyChange {
  /** JSON pointer; rules stand under their id. */
  readonly at: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** What a role may do with an operation, in words; null where there is no such role or operation. */
export interface AccessChange {
  readonly role: string;
  readonly operation: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface PolicyDiff {
  readonly changes: readonly PolicyChange[];
  readonly access: readonly AccessChange[];
}

/** What the second policy says otherwise, and who may do something else by it. */
export const diffPolicies = (before: PolicyBundle, after: PolicyBundle): PolicyDiff => ({
  changes: [
    ...differences(named(before), named(after)).map(({ at, pinned, listed }) => ({
      at,
      ...(pinned === undefined ? {} : { before: pinned }),
      ...(listed === undefined ? {} : { after: listed }),
    })),
    ...listChange('/rules (their order)', ids(before), ids(after), isOtherOrder),
    ...listChange('/tests (how many)', before.tests, after.tests, isOther),
  ],
  access: accessChanges(before, after),
});

/** By names, so that a rule put in between does not change all rules behind it. */
const named = ({ name, semantics, roles, operations, rules, masking }: PolicyBundle): JsonObject =>
  // JSON by construction; TypeScript cannot see that an interface has no other keys.
  ({
    name,
    semantics,
    roles,
    operations,
    rules: Object.fromEntries(rules.map(({ id, ...rule }) => [id, rule])),
    masking,
  }) as unknown as JsonObject;

const ids = ({ rules }: PolicyBundle): readonly string[] => rules.map(({ id }) => id);

const isOther = (before: readonly unknown[], after: readonly unknown[]): boolean =>
  JSON.stringify(before) !== JSON.stringify(after);

/** The same rules in another order decide the same; the digest is another one all the same. */
const isOtherOrder = (before: readonly string[], after: readonly string[]): boolean =>
  isOther(before, after) && !isOther([...before].sort(), [...after].sort());

const listChange = <Item>(
  at: string,
  before: readonly Item[],
  after: readonly Item[],
  differs: (before: readonly Item[], after: readonly Item[]) => boolean,
): readonly PolicyChange[] =>
  differs(before, after) ? [{ at, before: before.length, after: after.length }] : [];

const accessChanges = (before: PolicyBundle, after: PolicyBundle): readonly AccessChange[] => {
  const old = cells(before);
  const now = cells(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [role = '', operation = ''] = key.split('\n');
    const change = { role, operation, before: old.get(key) ?? null, after: now.get(key) ?? null };
    return change.before === change.after ? [] : [change];
  });
};

const cells = (bundle: PolicyBundle): ReadonlyMap<string, string> =>
  new Map(explainPolicy(bundle).map((cell) => [`${cell.role}\n${cell.operation}`, cellText(cell)]));

const cellText = (cell: ExplainedCell): string =>
  [verdictText(cell), ...cell.conditional.map((rule) => `but ${exceptionText(rule)}`)].join('; ');
