import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** The messages of the protocol as proto-loader gives them: 64-bit numbers as strings, absent fields absent. */

export interface WireUuid {
  readonly string?: string;
  readonly structured?: { readonly most_significant_bits: string; readonly least_significant_bits: string };
}

export interface WirePosition {
  readonly commit_position: string;
  readonly prepare_position: string;
}

interface WireExpectation {
  readonly stream_identifier: { readonly stream_name: Buffer };
  readonly no_stream?: object;
  readonly any?: object;
  readonly stream_exists?: object;
}

export interface WireProposedMessage {
  readonly id: WireUuid;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly custom_metadata?: Buffer;
  readonly data?: Buffer;
}

export interface AppendOptions extends WireExpectation {
  readonly revision?: string;
}

export interface AppendReq {
  readonly options?: AppendOptions;
  readonly proposed_message?: WireProposedMessage;
}

export interface BatchAppendOptions extends WireExpectation {
  readonly stream_position?: string;
}

export interface BatchAppendReq {
  readonly correlation_id: WireUuid;
  readonly options?: BatchAppendOptions;
  readonly proposed_messages?: readonly WireProposedMessage[];
  readonly is_final?: boolean;
}

interface WireExpression {
  readonly regex?: string;
  readonly prefix?: readonly string[];
}

export interface WireFilter {
  readonly stream_identifier?: WireExpression;
  readonly event_type?: WireExpression;
  readonly max?: number;
  readonly checkpointIntervalMultiplier?: number;
}

export interface ReadOptions {
  readonly stream?: {
    readonly stream_identifier: { readonly stream_name: Buffer };
    readonly revision?: string;
    readonly start?: object;
    readonly end?: object;
  };
  readonly all?: { readonly position?: WirePosition; readonly start?: object; readonly end?: object };
  readonly read_direction?: 'Forwards' | 'Backwards';
  readonly count?: string;
  readonly subscription?: object;
  readonly filter?: WireFilter;
  readonly uuid_option?: { readonly structured?: object; readonly string?: object };
}

const PROTOS = fileURLToPath(new URL('../../../test/fake-kurrentdb/protos', import.meta.url));

const definition = loadSync(
  ['streams', 'usermanagement', 'serverfeatures', 'gossip', 'shared', 'status'].map(
    (name) => `kurrentdb/protocols/v1/${name}.proto`,
  ),
  { includeDirs: [PROTOS], keepCase: true, longs: String, enums: String },
);

export const service = (name: string): grpc.ServiceDefinition => {
  const found = definition[`event_store.client.${name}`];
  if (!found || 'format' in found) throw new Error(`no service ${name} in the protocol files`);
  return found;
};

/** A google.protobuf.Any of one of the shared messages. */
export const packed = (name: string, message: object): { type_url: string; value: Buffer } => {
  const found = definition[`event_store.client.${name}`];
  if (!found || !('serialize' in found) || typeof found.serialize !== 'function')
    throw new Error(`no message ${name} in the protocol files`);
  return { type_url: `type.googleapis.com/event_store.client.${name}`, value: found.serialize(message) };
};

export const uuidText = ({ string, structured }: WireUuid): string => {
  if (string !== undefined && string !== '') return string;
  if (!structured) throw new Error('a UUID without content');
  const half = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(structured.most_significant_bits) + half(structured.least_significant_bits);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

export const uuidWire = (text: string, structured: boolean): WireUuid => {
  if (!structured) return { string: text };
  const hex = text.replaceAll('-', '');
  const half = (digits: string): string => BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();
  return {
    structured: {
      most_significant_bits: half(hex.slice(0, 16)),
      least_significant_bits: half(hex.slice(16)),
    },
  };
};

export const streamName = (identifier: { readonly stream_name: Buffer }): string =>
  identifier.stream_name.toString('utf8');

export const positionWire = (position: bigint): WirePosition => ({
  commit_position: position.toString(),
  prepare_position: position.toString(),
});

/** A status as KurrentDB sends it: the machine-readable kind is in the trailers. */
export const rpcError = (
  code: grpc.status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): grpc.ServerErrorResponse => {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};
