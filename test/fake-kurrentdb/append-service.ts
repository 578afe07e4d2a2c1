import * as grpc from '@grpc/grpc-js';
import type { Access } from './access.js';
import type { AppendOutcome, EventLog, ExpectedRevision, ProposedEvent } from './event-log.js';
import { type AppendFault, type Faults, isWritten } from './faults.js';
import {
  type AppendOptions,
  type AppendReq,
  type BatchAppendOptions,
  type BatchAppendReq,
  packed,
  positionWire,
  rpcError,
  streamName,
  uuidText,
  type WireProposedMessage,
} from './wire.js';

export interface AppendContext {
  readonly log: EventLog;
  readonly access: Access;
  readonly faults: Faults;
  /** Appends over this size are refused, entries and metadata together. */
  readonly append_bytes_max: number;
  readonly port: () => number;
  readonly dropConnections: () => void;
}

/** Streams.Append: one call an append, with its own deadline and status. */
export const appendHandler =
  (context: AppendContext) =>
  (call: grpc.ServerReadableStream<AppendReq, object>, answer: grpc.sendUnaryData<object>): void => {
    let options: AppendOptions | undefined;
    const events: ProposedEvent[] = [];
    call.on('data', (request: AppendReq) => {
      if (request.options) options = request.options;
      if (request.proposed_message) events.push(proposedEvent(request.proposed_message));
    });
    call.on('end', () => {
      if (!options) return answer(rpcError(grpc.status.INVALID_ARGUMENT, 'no options'));
      if (bytesOf(events) > context.append_bytes_max) return answer(tooLarge(context.append_bytes_max));
      const fault = context.faults.take();
      const stream = streamName(options.stream_identifier);
      const refused = context.access.refusal(call.metadata, stream, 'write');
      if (refused) return answer(refused);
      const expected = expectedOf(options, options.revision);
      const outcome = isWritten(fault) ? context.log.append(stream, expected, events) : undefined;
      if (fault) return answerFault(context, fault, answer);
      if (outcome?.kind === 'tombstoned') return answer(tombstoned(stream));
      if (outcome) answer(null, appendResponse(outcome, expected));
    });
  };

/** Streams.BatchAppend: many appends on one call, told apart by their correlation id. */
export const batchAppendHandler =
  (context: AppendContext) =>
  (call: grpc.ServerDuplexStream<BatchAppendReq, object>): void => {
    const open = new Map<string, { options: BatchAppendOptions; events: ProposedEvent[] }>();
    call.on('data', (request: BatchAppendReq) => {
      const id = uuidText(request.correlation_id);
      const append = open.get(id) ?? (request.options && { options: request.options, events: [] });
      if (!append) return call.emit('error', rpcError(grpc.status.INVALID_ARGUMENT, 'no options'));
      open.set(id, append);
      append.events.push(...(request.proposed_messages ?? []).map(proposedEvent));
      if (!request.is_final) return;
      open.delete(id);
      const fault = context.faults.take();
      const { stream_identifier } = append.options;
      const stream = streamName(stream_identifier);
      const expected = expectedOf(append.options, append.options.stream_position);
      const write = (result: object): void => {
        call.write({ correlation_id: request.correlation_id, stream_identifier, ...result });
      };
      if (context.access.refusal(call.metadata, stream, 'write'))
        return write(errorResult('AccessDenied', {}));
      if (bytesOf(append.events) > context.append_bytes_max)
        return write(errorResult('MaximumAppendSizeExceeded', { maxAppendSize: context.append_bytes_max }));
      const outcome = isWritten(fault) ? context.log.append(stream, expected, append.events) : undefined;
      // A batch answers each append for itself, except that a node which does not lead ends the whole call.
      if (fault === 'unavailable') return write(errorResult('Empty', {}, 'Server Is Not Ready'));
      if (fault === 'timeout') return write(errorResult('Timeout', {}));
      if (fault) return answerFault(context, fault, (error) => call.emit('error', error));
      if (outcome) write(batchResult(outcome, expected));
    });
    call.on('end', () => call.end());
  };

const proposedEvent = ({ id, metadata, custom_metadata, data }: WireProposedMessage): ProposedEvent => ({
  id: uuidText(id),
  metadata: metadata ?? {},
  custom_metadata: custom_metadata ?? new Uint8Array(),
  data: data ?? new Uint8Array(),
});

const expectedOf = (
  { no_stream, any, stream_exists }: AppendOptions | BatchAppendOptions,
  revision: string | undefined,
): ExpectedRevision => {
  if (revision !== undefined) return BigInt(revision);
  if (no_stream) return 'no_stream';
  if (stream_exists) return 'stream_exists';
  if (any) return 'any';
  throw new Error('no expected revision');
};

const bytesOf = (events: readonly ProposedEvent[]): number =>
  events.reduce((sum, { data, custom_metadata }) => sum + data.byteLength + custom_metadata.byteLength, 0);

const tooLarge = (bytes_max: number): grpc.ServerErrorResponse =>
  rpcError(grpc.status.INVALID_ARGUMENT, `Maximum Append Size of ${bytes_max} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(bytes_max),
  });

const tombstoned = (stream: string): grpc.ServerErrorResponse =>
  rpcError(grpc.status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

const answerFault = (
  { port, dropConnections }: AppendContext,
  fault: AppendFault,
  answer: (error: grpc.ServerErrorResponse) => void,
): void => {
  switch (fault) {
    case 'unavailable':
      answer(rpcError(grpc.status.UNAVAILABLE, 'Server Is Not Ready'));
      break;
    case 'timeout':
      answer(rpcError(grpc.status.ABORTED, 'Operation timed out: Commit phase timeout.'));
      break;
    case 'not_leader':
      answer(notLeader(port()));
      break;
    case 'drop_lost':
    case 'drop_persisted':
      dropConnections();
      break;
    case 'no_answer_lost':
    case 'no_answer_persisted':
      break;
  }
};

const notLeader = (leader_port: number): grpc.ServerErrorResponse =>
  rpcError(grpc.status.NOT_FOUND, `Leader info available. Leader at 127.0.0.1:${leader_port}`, {
    exception: 'not-leader',
    'leader-endpoint-host': '127.0.0.1',
    'leader-endpoint-port': String(leader_port),
  });

const appendResponse = (outcome: AppendOutcome, expected: ExpectedRevision): object => {
  switch (outcome.kind) {
    case 'appended':
      return {
        success: { current_revision: String(outcome.revision), position: positionWire(outcome.position) },
      };
    case 'idempotent':
      return { success: { current_revision: String(outcome.revision), no_position: {} } };
    default: {
      const current = outcome.kind === 'wrong_revision' ? outcome.current : undefined;
      return {
        wrong_expected_version: {
          ...(current === undefined ? { current_no_stream: {} } : { current_revision: String(current) }),
          ...(typeof expected === 'bigint' && { expected_revision: String(expected) }),
          ...(expected === 'no_stream' && { expected_no_stream: {} }),
          ...(expected === 'stream_exists' && { expected_stream_exists: {} }),
          ...(expected === 'any' && { expected_any: {} }),
        },
      };
    }
  }
};

const batchResult = (outcome: AppendOutcome, expected: ExpectedRevision): object => {
  switch (outcome.kind) {
    case 'appended':
      return {
        success: { current_revision: String(outcome.revision), position: positionWire(outcome.position) },
      };
    case 'idempotent':
      return { success: { current_revision: String(outcome.revision), no_position: {} } };
    case 'tombstoned':
      return errorResult('StreamDeleted', {});
    case 'wrong_revision': {
      const { current } = outcome;
      return errorResult('WrongExpectedVersion', {
        ...(current === undefined ? { current_no_stream: {} } : { current_stream_revision: String(current) }),
        ...(typeof expected === 'bigint' && { expected_stream_position: String(expected) }),
        ...(expected === 'no_stream' && { expected_no_stream: {} }),
        ...(expected === 'stream_exists' && { expected_stream_exists: {} }),
        ...(expected === 'any' && { expected_any: {} }),
      });
    }
  }
};

const errorResult = (kind: string, details: object, message = kind): object => ({
  error: { code: 'UNKNOWN', message, details: packed(kind, details) },
});
