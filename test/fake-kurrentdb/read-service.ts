import * as grpc from '@grpc/grpc-js';
import type { Access } from './access.js';
import type { EventLog, RecordedEvent } from './event-log.js';
import { positionWire, type ReadOptions, rpcError, streamName, uuidWire, type WireFilter } from './wire.js';

type ReadCall = grpc.ServerWritableStream<{ readonly options: ReadOptions }, object>;

/** Events scanned without a hit before a filtered subscription says how far it is. */
const CHECKPOINT_WINDOW = 32;
const READ_ALL_COUNT_MAX = Number.MAX_SAFE_INTEGER;

/** Streams.Read: a stream or $all, forwards or backwards, once or as a subscription, with a filter or without. */
export const readHandler =
  (log: EventLog, access: Access) =>
  (call: ReadCall): void => {
    const { options } = call.request;
    const stream = options.stream ? streamName(options.stream.stream_identifier) : '$all';
    const refused = access.refusal(call.metadata, stream, 'read');
    if (refused) return void call.emit('error', refused);
    const work = options.subscription ? subscribe(log, call, options) : readOnce(log, call, options);
    work.catch((error: unknown) => {
      call.emit('error', isRpcError(error) ? error : rpcError(grpc.status.INTERNAL, String(error)));
    });
  };

const isRpcError = (error: unknown): boolean => error instanceof Error && 'code' in error;

const readOnce = async (log: EventLog, call: ReadCall, options: ReadOptions): Promise<void> => {
  const { stream } = options;
  if (stream) {
    const name = streamName(stream.stream_identifier);
    if (log.isTombstoned(name))
      throw rpcError(grpc.status.FAILED_PRECONDITION, `Event stream '${name}' is deleted.`, {
        exception: 'stream-deleted',
        'stream-name': name,
      });
    if (log.stream(name).length === 0) {
      call.write({ stream_not_found: { stream_identifier: stream.stream_identifier } });
      call.end();
      return;
    }
  }
  const structured = options.uuid_option?.structured !== undefined;
  const passes = filterOf(options.filter);
  let left = Math.min(Number(options.count ?? 0), READ_ALL_COUNT_MAX);
  for (const event of candidates(log, options)) {
    if (left === 0 || call.cancelled) break;
    if (!passes(event)) continue;
    left -= 1;
    await send(call, { event: eventWire(event, structured) });
  }
  call.end();
};

/** The events a read walks over, in its order. */
const candidates = (log: EventLog, options: ReadOptions): readonly RecordedEvent[] => {
  const backwards = options.read_direction === 'Backwards';
  const ordered = (events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
    backwards ? events.toReversed() : events;
  if (options.stream) {
    const events = log.stream(streamName(options.stream.stream_identifier));
    const { revision } = options.stream;
    if (revision === undefined) return atEdge(options.stream, backwards) ? ordered(events) : [];
    const from = BigInt(revision);
    return ordered(events.filter((event) => (backwards ? event.revision <= from : event.revision >= from)));
  }
  const { position } = options.all ?? {};
  if (!position) return atEdge(options.all ?? {}, backwards) ? ordered(log.all) : [];
  const from = knownPosition(log, position.commit_position);
  return ordered(log.all.filter((event) => (backwards ? event.position < from : event.position >= from)));
};

/** From the start forwards or from the end backwards; the other way round there is nothing to read. */
const atEdge = ({ end }: { readonly end?: object }, backwards: boolean): boolean =>
  backwards === (end !== undefined);

/** A real server cannot start inside a record: a client that makes up positions is told so. */
const knownPosition = (log: EventLog, commit_position: string): bigint => {
  const position = BigInt(commit_position);
  if (!log.all.some((event) => event.position === position))
    throw rpcError(grpc.status.INVALID_ARGUMENT, `no record begins at position ${position}`);
  return position;
};

const subscribe = async (log: EventLog, call: ReadCall, options: ReadOptions): Promise<void> => {
  if (!options.all) throw rpcError(grpc.status.UNIMPLEMENTED, 'only $all can be subscribed to here');
  const structured = options.uuid_option?.structured !== undefined;
  const passes = filterOf(options.filter);
  const window =
    (options.filter?.max ?? CHECKPOINT_WINDOW) * (options.filter?.checkpointIntervalMultiplier ?? 1);
  let next = nextIndex(log, options.all);
  let unseen = 0;
  let is_live = false;
  await send(call, { confirmation: { subscription_id: 'fake' } });
  while (!call.cancelled && !call.destroyed) {
    const event = log.all[next];
    if (!event) {
      const last = log.all[next - 1];
      if (!is_live) await send(call, { caught_up: last ? { position: positionWire(last.position) } : {} });
      is_live = true;
      if (!log.all[next]) await changeOf(log, call);
      continue;
    }
    next += 1;
    if (passes(event)) {
      unseen = 0;
      await send(call, { event: eventWire(event, structured) });
    } else if (++unseen % window === 0) {
      await send(call, { checkpoint: positionWire(event.position) });
    }
  }
};

const nextIndex = (log: EventLog, all: NonNullable<ReadOptions['all']>): number => {
  if (all.position) {
    const after = knownPosition(log, all.position.commit_position);
    const index = log.all.findIndex(({ position }) => position > after);
    return index < 0 ? log.all.length : index;
  }
  return all.end ? log.all.length : 0;
};

/** Waits for the next append, or for the end of the call. */
const changeOf = async (log: EventLog, call: ReadCall): Promise<void> => {
  const stop = log.onAppend(() => call.emit(APPENDED));
  await anyOf(call, [APPENDED, ...CALL_ENDS]);
  stop();
};

const APPENDED = 'appended to the log';
const CALL_ENDS = ['cancelled', 'close', 'error'] as const;

const send = async (call: ReadCall, message: object): Promise<void> => {
  if (call.write(message) || call.cancelled) return;
  await anyOf(call, ['drain', ...CALL_ENDS]);
};

const anyOf = (call: ReadCall, names: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      for (const name of names) call.off(name, done);
      resolve();
    };
    for (const name of names) call.on(name, done);
  });

const filterOf = (filter: WireFilter | undefined): ((event: RecordedEvent) => boolean) => {
  if (!filter) return () => true;
  const expression = filter.event_type ?? filter.stream_identifier ?? {};
  const subject = (event: RecordedEvent): string =>
    filter.event_type ? (event.metadata['type'] ?? '') : event.stream;
  const { regex, prefix = [] } = expression;
  if (regex) {
    const pattern = new RegExp(regex);
    return (event) => pattern.test(subject(event));
  }
  return (event) => prefix.some((start) => subject(event).startsWith(start));
};

const eventWire = (event: RecordedEvent, structured: boolean): object => ({
  event: {
    id: uuidWire(event.id, structured),
    stream_identifier: { stream_name: Buffer.from(event.stream) },
    stream_revision: String(event.revision),
    ...positionWire(event.position),
    // Ticks of 100 ns: the client expects the time of the record here.
    metadata: { ...event.metadata, created: '17000000000000000' },
    custom_metadata: event.custom_metadata,
    data: event.data,
  },
  commit_position: String(event.position),
});
