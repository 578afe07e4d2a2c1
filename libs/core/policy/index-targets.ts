import { uriProblem } from '../call/resource-uri.js';
import { compileUriPattern } from './operators/uri-pattern.js';
import type { PolicyOperation, TargetKind } from './policy.types.js';

/** Server, then name: two steps, so that no server name with a slash can pose as another. */
export type ByServer<Found> = ReadonlyMap<string, ReadonlyMap<string, Found>>;

/** Which operation a target belongs to. */
export interface IndexedTargets<Operation> {
  readonly tool: ByServer<Operation>;
  readonly prompt: ByServer<Operation>;
  readonly method: ByServer<Operation>;
  readonly resource: ReadonlyMap<string, ServerResources<Operation>>;
}

interface ServerResources<Operation> {
  readonly exact: Map<string, Operation>;
  readonly patterns: { readonly matches: (uri: string) => boolean; readonly operation: Operation }[];
}

/** `server/name` apart; the server ends at the first slash. Undefined when there is no such text on both sides. */
export const splitTarget = (text: string): { server: string; name: string } | undefined => {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) return undefined;
  return { server: text.slice(0, slash), name: text.slice(slash + 1) };
};

/**
 * The operation of a target; undefined when none names it. A resource that `checkResourceUri` would refuse belongs to
 * none. One whose URI the patterns of two operations match belongs to none either: which of the two was meant is not
 * for the evaluator to guess, so what they cover together is denied. Templates of lists are found by their own text.
 */
export const operationOf = <Operation>(
  targets: IndexedTargets<Operation>,
  kind: TargetKind | undefined,
  server: string,
  name: string,
): Operation | undefined =>
  kind === 'resource'
    ? resourceOperation(targets.resource.get(server), name)
    : targets[kind ?? 'tool'].get(server)?.get(name);

const resourceOperation = <Operation>(
  resources: ServerResources<Operation> | undefined,
  uri: string,
): Operation | undefined => {
  if (resources === undefined || uriProblem(uri) !== undefined) return undefined;
  let found = resources.exact.get(uri);
  for (const { matches, operation } of resources.patterns) {
    if (operation === found || !matches(uri)) continue;
    if (found !== undefined) return undefined;
    found = operation;
  }
  return found;
};

/** @throws TypeError when a target is no `server/name` or in two operations. */
export const indexTargets = <Operation>(
  bundle: { readonly [name: string]: PolicyOperation },
  operations: ReadonlyMap<string, Operation>,
): IndexedTargets<Operation> => {
  const targets = {
    tool: new Map<string, Map<string, Operation>>(),
    prompt: new Map<string, Map<string, Operation>>(),
    method: new Map<string, Map<string, Operation>>(),
    resource: new Map<string, ServerResources<Operation>>(),
  };
  for (const [name, { tools, prompts = [], methods = [], resources = [] }] of Object.entries(bundle)) {
    const operation = operations.get(name);
    if (operation === undefined) throw new TypeError(`policy: no operation ${name}`);
    for (const text of tools) addName(targets.tool, text, operation);
    for (const text of prompts) addName(targets.prompt, text, operation);
    for (const text of methods) addName(targets.method, text, operation);
    for (const text of resources) addResource(targets.resource, text, operation);
  }
  return targets;
};

const addName = <Operation>(
  index: Map<string, Map<string, Operation>>,
  text: string,
  operation: Operation,
): void => {
  const { server, name } = requireTarget(text);
  const names = index.get(server) ?? new Map<string, Operation>();
  if (names.has(name)) throw new TypeError(`policy: target in two operations: ${text}`);
  index.set(server, names.set(name, operation));
};

const addResource = <Operation>(
  index: Map<string, ServerResources<Operation>>,
  text: string,
  operation: Operation,
): void => {
  const { server, name } = requireTarget(text);
  const resources: ServerResources<Operation> = index.get(server) ?? { exact: new Map(), patterns: [] };
  index.set(server, resources);
  if (name.includes('*')) {
    resources.patterns.push({ matches: compileUriPattern(name), operation });
    return;
  }
  if (resources.exact.has(name)) throw new TypeError(`policy: target in two operations: ${text}`);
  resources.exact.set(name, operation);
};

const requireTarget = (text: string): { server: string; name: string } => {
  const target = splitTarget(text);
  if (target === undefined) throw new TypeError(`policy: not a target: ${text}`);
  return target;
};
