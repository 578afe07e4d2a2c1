import type { Json, JsonObject } from '#core/evidence/canonical-json.js';

/** A JSON-RPC 2.0 request (`id` is there) or notification. */
export interface Frame {
  readonly id: string | number | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

export class RpcError extends Error {
  override readonly name = 'RpcError';
  constructor(
    readonly code: number,
    message: string,
    readonly http: number,
  ) {
    super(message);
  }
}

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params']);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw new RpcError(-32700, 'The body is not JSON.', 400);
  }
};

/** @throws RpcError for anything but one request or notification with nothing beside it */
export const readFrame = (body: string): Frame => {
  const frame = parseJson(body);
  if (
    !isObject(frame) ||
    frame['jsonrpc'] !== '2.0' ||
    Object.keys(frame).some((name) => !MEMBERS.has(name))
  ) {
    throw new RpcError(-32600, 'The body is not one JSON-RPC 2.0 request.', 400);
  }
  const { id, method, params = {} } = frame;
  const idFits = id === undefined || typeof id === 'string' || Number.isSafeInteger(id);
  if (!idFits || typeof method !== 'string' || !isObject(params)) {
    throw new RpcError(-32600, 'The id, method or params are not of their types.', 400);
  }
  return { id: id as string | number | undefined, method, params };
};

export const resultFrame = (id: Json, resultText: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${resultText}}`;

export const errorFrame = (id: Json, code: number, message: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify({ code, message })}}`;
