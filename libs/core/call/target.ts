import type { Json, JsonObject } from '../evidence/canonical-json.js';
import { isJsonObject } from '../evidence/json-object.js';
import type { TargetKind } from '../policy/policy.types.js';
import { uriProblem } from './resource-uri.js';

/** What policy decides on, apart from the server: one tool, prompt, resource or method, and what conditions see as `args`. */
export interface CallTarget {
  readonly kind: TargetKind;
  /** Name of the tool or prompt, URI of the resource (or its template, in a completion), or the method itself. */
  readonly name: string;
  readonly args: JsonObject;
}

/** Methods that policy operations list by their own name, under `methods:`. Both ways: of callers, and of servers. */
export const NAMED_METHODS = [
  'logging/setLevel',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'tasks/update',
  'tasks/list',
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
] as const;

/** Every method that is decided by policy and recorded as a call, or as a question of a server within a call. */
export const GOVERNED_METHODS = [
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  ...NAMED_METHODS,
] as const;
export type GovernedMethod = (typeof GOVERNED_METHODS)[number];

export const isGovernedMethod = (method: string): method is GovernedMethod =>
  (GOVERNED_METHODS as readonly string[]).includes(method);

/**
 * The target of a request, for the decision and for its replay. Undefined for a method that is not governed, and for
 * params that do not fit: no name, arguments that are no object, a URI that `checkResourceUri` refuses.
 * A completion has the target it completes for, with the arguments given so far (`context.arguments`).
 */
export const targetOf = (method: string, params: JsonObject): CallTarget | undefined => {
  switch (method as GovernedMethod) {
    case 'tools/call':
      return named('tool', params['name'], params['arguments']);
    case 'prompts/get':
      return named('prompt', params['name'], params['arguments']);
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return resource(params['uri'], { uri: params['uri'] ?? null });
    case 'completion/complete':
      return completed(params);
    default:
      return isGovernedMethod(method) ? { kind: 'method', name: method, args: ownParams(params) } : undefined;
  }
};

const named = (
  kind: 'tool' | 'prompt',
  name: Json | undefined,
  args: Json | undefined,
): CallTarget | undefined => {
  if (typeof name !== 'string' || name === '') return undefined;
  if (args === undefined) return { kind, name, args: {} };
  return isJsonObject(args) ? { kind, name, args } : undefined;
};

const resource = (uri: Json | undefined, args: JsonObject): CallTarget | undefined =>
  typeof uri === 'string' && uriProblem(uri) === undefined
    ? { kind: 'resource', name: uri, args }
    : undefined;

const completed = ({ ref, context = {} }: JsonObject): CallTarget | undefined => {
  if (!isJsonObject(ref) || !isJsonObject(context)) return undefined;
  const { arguments: args = {} } = context;
  if (!isJsonObject(args)) return undefined;
  if (ref['type'] === 'ref/prompt') return named('prompt', ref['name'], args);
  return ref['type'] === 'ref/resource' ? resource(ref['uri'], args) : undefined;
};

/** Members of the envelope say nothing about what is asked for, and differ from one round to the next. */
const ownParams = ({
  _meta,
  requestState: _state,
  inputResponses: _responses,
  ...own
}: JsonObject): JsonObject => own;
