import type * as grpc from '@grpc/grpc-js';
import type { Access } from './access.js';
import type { EventLog } from './event-log.js';
import { positionWire, streamName } from './wire.js';

type DeleteCall = grpc.ServerUnaryCall<
  { readonly options: { readonly stream_identifier: { readonly stream_name: Buffer } } },
  object
>;

/** What a soft delete writes: everything before a revision that no stream reaches. */
const EVERYTHING = 9_223_372_036_854_775_807n;

/** Streams.Delete: metadata that hides what there is; the stream may be written to again. */
export const deleteHandler = (log: EventLog, access: Access) =>
  handler(log, access, (stream) => {
    const data = Buffer.from(`{"$tb":${EVERYTHING}}`);
    const metadata = { type: '$metadata', 'content-type': 'application/json' };
    const event = { id: crypto.randomUUID(), metadata, custom_metadata: new Uint8Array(), data };
    log.append(`$$${stream}`, 'any', [event]);
  });

/** Streams.Tombstone: the stream is gone for good. */
export const tombstoneHandler = (log: EventLog, access: Access) =>
  handler(log, access, (stream) => log.tombstone(stream));

const handler =
  (log: EventLog, access: Access, remove: (stream: string) => void) =>
  (call: DeleteCall, answer: grpc.sendUnaryData<object>): void => {
    const stream = streamName(call.request.options.stream_identifier);
    const refused = access.refusal(call.metadata, stream, 'delete');
    if (refused) answer(refused);
    else {
      remove(stream);
      answer(null, { position: positionWire(log.all.at(-1)?.position ?? 0n) });
    }
  };
