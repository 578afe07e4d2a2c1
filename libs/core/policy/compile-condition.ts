import type { Json, JsonObject } from '../evidence/canonical-json.js';
import { compileCheck } from './operators/compile-check.js';
import { allOf } from './operators/join-checks.js';
import type { DecisionInput, PolicyCondition, Truth } from './policy.types.js';

/** What conditions may look at. */
export type ConditionInput = Pick<DecisionInput, 'args' | 'token' | 'now'>;
export type Condition = (input: ConditionInput) => Truth;

const PATH = /^(?:now|(?:args|token)(?:\.[A-Za-z0-9_$-]+){1,16})$/;

/** `now`, or `args` / `token` and one to sixteen keys of letters, digits, `_`, `$`, `-`. */
export const isConditionPath = (path: string): boolean => PATH.test(path);

/** Only own keys of objects are followed: an array, a text or a prototype is a dead end, which makes it unknown. */
const follow = (root: JsonObject, keys: readonly string[]): Json | undefined => {
  let value: Json | undefined = root;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) {
      return undefined;
    }
    value = (value as JsonObject)[key];
  }
  return value;
};

/** The argument at a path `args.<key>...`; undefined when it leads nowhere. */
export const valueAt = (args: JsonObject, path: string): Json | undefined =>
  compileRead(path)({ args, token: {}, now: '' });

/** @throws TypeError for a path that is not valid. */
export const compileRead = (path: string): ((input: ConditionInput) => Json | undefined) => {
  if (!isConditionPath(path)) throw new TypeError(`policy: not a path: ${path}`);
  if (path === 'now') return (input) => input.now;
  const [root, ...keys] = path.split('.') as ['args' | 'token', ...string[]];
  return (input) => follow(input[root], keys);
};

/**
 * All checks of one path, joined by Kleene's and: one false is false, else one unknown is unknown.
 * @throws TypeError for a path or operand that is not valid.
 */
export const compileCondition = (condition: PolicyCondition): Condition => {
  const read = compileRead(condition.path);
  const holds = allOf(condition.checks.map(compileCheck));
  return (input) => holds(read(input));
};
