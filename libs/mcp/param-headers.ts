import type { JsonObject } from '#core/evidence/canonical-json.js';

/** MCP 2026-07-28 basic/transports/streamable-http, "Custom Headers from Tool Parameters" and "Value Encoding". */
const ANNOTATION = 'x-mcp-header';
const PREFIX = 'Mcp-Param-';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const PRIMITIVES = new Set(['string', 'integer', 'boolean']);
/** Members of a schema that hold values instead of schemas: what looks like an annotation in them is data. */
const VALUES = new Set(['const', 'enum', 'default', 'examples', 'example']);
const DEPTH_MAX = 64;

/** Visible ASCII with blanks and tabs inside. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface MirroredParam {
  /** Name of the header, `Mcp-Param-...`. */
  readonly header: string;
  /** The property names that lead to the value in the arguments. */
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean';
}

/** Which parameters of a tool are mirrored. @throws TypeError when an annotation makes the definition invalid. */
export const mirroredParams = (inputSchema: unknown): readonly MirroredParam[] => {
  const found: MirroredParam[] = [];
  walk(inputSchema, [], true, 0, found);
  const names = new Set(found.map(({ header }) => header.toLowerCase()));
  if (names.size < found.length) throw new TypeError(`${ANNOTATION} names one header twice`);
  return found;
};

/** @returns why a tool with this schema must be left out of the list, undefined when it need not. */
export const paramHeadersProblem = (inputSchema: unknown): string | undefined => {
  try {
    mirroredParams(inputSchema);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
};

/**
 * The headers that go with a call of a tool: the value of each annotated parameter that is there and not null.
 * @throws TypeError when the schema is invalid, or a value cannot be what its parameter declares (another type, an
 * integer beyond 2^53-1): no header could say the same as the body.
 */
export const mcpParamHeaders = (inputSchema: unknown, args: JsonObject): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {};
  for (const param of mirroredParams(inputSchema)) {
    const value = valueAt(args, param.path);
    if (value === undefined || value === null) continue;
    headers[param.header] = encodeHeaderValue(textOf(value, param));
  }
  return headers;
};

/** The value of the header `Mcp-Name` for a tool or prompt name, a resource URI or a task id. */
export const mcpNameHeader = (value: string): string => encodeHeaderValue(value);

/** Plain when it is safe in a header, else base64 between `=?base64?` and `?=`. */
export const encodeHeaderValue = (text: string): string =>
  PLAIN.test(text) && !SENTINEL.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** @returns the text behind a header value; undefined when it is not what `encodeHeaderValue` could have written. */
export const decodeHeaderValue = (value: string): string | undefined => {
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return PLAIN.test(value) ? value : undefined;
  if (!BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Both turns must agree: bits beyond the last byte and bytes that are no UTF-8 would give one header two meanings.
  const text = bytes.toString('utf8');
  return bytes.toString('base64') === encoded && Buffer.from(text).equals(bytes) ? text : undefined;
};

const walk = (
  schema: unknown,
  path: readonly string[],
  reachable: boolean,
  depth: number,
  found: MirroredParam[],
): void => {
  if (typeof schema !== 'object' || schema === null) return;
  if (depth > DEPTH_MAX) throw new TypeError('the schema is nested too deeply');
  if (Array.isArray(schema)) {
    for (const element of schema) walk(element, path, false, depth + 1, found);
    return;
  }
  const members = schema as JsonObject;
  if (Object.hasOwn(members, ANNOTATION)) found.push(readAnnotation(members, path, reachable));
  for (const [key, value] of Object.entries(members)) {
    if (VALUES.has(key)) continue;
    const isMap =
      key === 'properties' && typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isMap) walk(value, path, false, depth + 1, found);
    // The members of this map are names of parameters, not keywords.
    else
      for (const [name, property] of Object.entries(value))
        walk(property, [...path, name], reachable, depth + 1, found);
  }
};

const readAnnotation = (schema: JsonObject, path: readonly string[], reachable: boolean): MirroredParam => {
  const { [ANNOTATION]: name, type } = schema;
  if (!reachable || path.length === 0)
    throw new TypeError(`${ANNOTATION} where no chain of properties leads to one value`);
  if (typeof name !== 'string' || !TOKEN.test(name))
    throw new TypeError(`${ANNOTATION} is not a header name`);
  if (typeof type !== 'string' || !PRIMITIVES.has(type))
    throw new TypeError(`${ANNOTATION} on a parameter that is no string, integer or boolean`);
  return { header: PREFIX + name, path, type: type as MirroredParam['type'] };
};

const valueAt = (args: JsonObject, path: readonly string[]): unknown => {
  let value: unknown = args;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
};

const textOf = (value: unknown, { header, type }: MirroredParam): string => {
  if (type === 'string' && typeof value === 'string') return value;
  if (type === 'boolean' && typeof value === 'boolean') return String(value);
  if (type === 'integer' && Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`the value for ${header} is not of type ${type}`);
};
