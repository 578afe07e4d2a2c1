import { ERRORS, type ErrorCode } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { RequestId } from './frame.js';

const END = '}';

/** A response around result bytes that are strict JSON already; they are copied, never read. */
export const resultFrame = (id: RequestId, resultBytes: Uint8Array): Uint8Array =>
  splice(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, resultBytes);

/** A response around the error object of an upstream, as raw bytes. */
export const rawErrorFrame = (id: RequestId, errorBytes: Uint8Array): Uint8Array =>
  splice(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":`, errorBytes);

/** A request around params bytes that are strict JSON already. */
export const requestFrame = (id: RequestId, method: string, paramsBytes: Uint8Array): Uint8Array =>
  splice(
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":`,
    paramsBytes,
  );

/**
 * An error response. `message` is the sentence of the code and the detail; `data` names the code and the next step
 * for programs. `id` is null when the request's id could not be read.
 */
export const errorFrame = (
  id: RequestId | null,
  code: ErrorCode,
  detail?: string,
  data?: JsonObject,
): Uint8Array => {
  const { rpc, says, next } = ERRORS[code];
  const message = detail ? `${says} (${detail})` : says;
  const error = { code: rpc, message, data: { ...data, code, next } };
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, error }));
};

export const notificationFrame = (method: string, params?: JsonObject): Uint8Array =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }));

const splice = (head: string, body: Uint8Array): Uint8Array => {
  const headLength = Buffer.byteLength(head);
  const frame = Buffer.allocUnsafe(headLength + body.length + END.length);
  frame.write(head, 0, 'utf8');
  frame.set(body, headLength);
  frame.write(END, headLength + body.length, 'latin1');
  return frame;
};
