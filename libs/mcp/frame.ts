import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { refuseFoldedKeys } from './folded-keys.js';
import { type JsonLimits, type JsonScan, parseScanned, type Span, scanStrictJson } from './strict-json.js';

export type RequestId = string | number;

export interface RequestFrame {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  /** `params` as it was sent; `{}` when it was left out. A view of the frame's bytes, not a copy. */
  readonly paramsBytes: Uint8Array;
}

export interface NotificationFrame {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject;
  readonly paramsBytes: Uint8Array;
}

export interface ResponseFrame {
  readonly kind: 'response';
  /** null: an error about a frame whose id could not be read. */
  readonly id: RequestId | null;
  readonly outcome: 'result' | 'error';
  /** The object behind `result` or `error` as it was sent. A view, not a copy. */
  readonly bytes: Uint8Array;
}

export type Frame = RequestFrame | NotificationFrame | ResponseFrame;

const ENVELOPE_MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
const ID_LENGTH_MAX = 256;
const METHOD = /^[\x21-\x7e]{1,128}$/;
const INTEGER = /^-?\d+$/;
const EMPTY_OBJECT = Buffer.from('{}');
const OPEN_OBJECT = 0x7b;

/**
 * Reads one JSON-RPC 2.0 message as the MCP revisions since 2025-06-18 allow it (basic: Messages): no batches, `params`
 * an object, ids strings (at most 256 characters) or safe integers, no members beyond those of JSON-RPC.
 * @throws CountersignError json_malformed, body_too_large, frame_invalid or params_invalid.
 */
export const readFrame = (bytes: Uint8Array, limits: JsonLimits): Frame => {
  const scan = scanStrictJson(bytes, limits);
  if (scan.kind === 'array') throw new CountersignError('frame_invalid', 'batches are not supported');
  if (scan.kind === 'scalar') throw new CountersignError('frame_invalid', 'the message is not an object');
  const envelope = openEnvelope(scan);
  const read = (name: string): unknown => {
    const span = envelope.get(name);
    return span && parseScanned(bytes, span, scan.negativeZero);
  };
  if (read('jsonrpc') !== '2.0') throw new CountersignError('frame_invalid', 'jsonrpc is not "2.0"');
  const idSpan = envelope.get('id');
  const id = idSpan && readId(bytes, idSpan);
  if (!envelope.has('method')) return readResponse(bytes, envelope, id);
  if (envelope.has('result') || envelope.has('error')) {
    throw new CountersignError('frame_invalid', 'method beside result or error');
  }
  if (id === null) throw new CountersignError('frame_invalid', 'the id is null');
  const method = read('method');
  if (typeof method !== 'string' || !METHOD.test(method)) {
    throw new CountersignError(
      'frame_invalid',
      'the method is not a name of up to 128 visible ASCII characters',
    );
  }
  const params = readParams(bytes, envelope.get('params'), scan.negativeZero);
  if (id === undefined) return { kind: 'notification', method, ...params };
  return { kind: 'request', id, method, ...params };
};

const openEnvelope = (scan: JsonScan): ReadonlyMap<string, Span> => {
  const envelope = new Map<string, Span>();
  for (const member of scan.members) envelope.set(member.key, member);
  for (const { key } of scan.members) {
    if (ENVELOPE_MEMBERS.has(key)) continue;
    refuseFoldedKeys([...envelope.keys()], 'the message');
    throw new CountersignError('frame_invalid', 'the message has a member that JSON-RPC does not know');
  }
  return envelope;
};

const readId = (bytes: Uint8Array, span: Span): RequestId | null => {
  const id = parseScanned(bytes, span, false);
  if (id === null) return null;
  if (typeof id === 'string') {
    if (id.length <= ID_LENGTH_MAX) return id;
    throw new CountersignError('frame_invalid', `the id is longer than ${ID_LENGTH_MAX} characters`);
  }
  // The digits decide, not the value: 1.0 would come back as 1, which is another id to a strict client.
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + span.start, span.end - span.start).toString(
    'latin1',
  );
  if (!INTEGER.test(digits) || !Number.isSafeInteger(id)) {
    throw new CountersignError('frame_invalid', 'the id is neither a string nor an integer');
  }
  return id === 0 ? 0 : (id as number);
};

const readParams = (
  bytes: Uint8Array,
  span: Span | undefined,
  negativeZero: boolean,
): { params: JsonObject; paramsBytes: Uint8Array } => {
  if (!span) return { params: {}, paramsBytes: EMPTY_OBJECT };
  if (bytes[span.start] !== OPEN_OBJECT)
    throw new CountersignError('params_invalid', 'params is not an object');
  const params = parseScanned(bytes, span, negativeZero) as JsonObject;
  refuseFoldedKeys(Object.keys(params), 'params');
  return { params, paramsBytes: bytes.subarray(span.start, span.end) };
};

const readResponse = (
  bytes: Uint8Array,
  envelope: ReadonlyMap<string, Span>,
  id: RequestId | null | undefined,
): ResponseFrame => {
  const result = envelope.get('result');
  const error = envelope.get('error');
  const span = result ?? error;
  if (!span || (result && error)) throw new CountersignError('frame_invalid', 'neither request nor response');
  if (envelope.has('params')) throw new CountersignError('frame_invalid', 'a response with params');
  if (bytes[span.start] !== OPEN_OBJECT)
    throw new CountersignError('frame_invalid', 'result or error is not an object');
  if (result && (id === undefined || id === null))
    throw new CountersignError('frame_invalid', 'a result without id');
  return {
    kind: 'response',
    id: id ?? null,
    outcome: result ? 'result' : 'error',
    bytes: bytes.subarray(span.start, span.end),
  };
};
