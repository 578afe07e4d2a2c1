import type { Filter, KurrentDBClient, ResolvedEvent } from '@kurrent/kurrentdb-client';
import type { Interference } from '../event-store.js';
import { ALL_METADATA_STREAM, keepsEventsSafe, onlyGrantsReading, SETTINGS_STREAM } from './access.js';
import { followRecords } from './subscription.js';

/** Records the server looks at between two signs that it goes on. */
const CHECKPOINT_RECORDS = 1_024;
const filterOn = (what: 'eventType' | 'streamName', regex: string): Filter => ({
  filterOn: what,
  regex,
  checkpointInterval: 1,
  maxSearchWindow: CHECKPOINT_RECORDS,
});

/** What the server writes when somebody deletes a stream, writes its metadata, or scavenges. */
const BY_TYPE = filterOn('eventType', '^\\$(?:metadata|streamDeleted|scavengeStarted|scavengePoint)$');
/** Events of this stream may have any type. */
const BY_STREAM = filterOn('streamName', '^\\$settings$');

/**
 * Everything of the kind since the beginning of the log, and then what comes. From the beginning each time, because
 * whoever can change the server could also change a cursor; the server reads it, and few records come back.
 */
export const watchInterferences = async (
  client: KurrentDBClient,
  signal: AbortSignal,
  tell: (interference: Interference) => void,
): Promise<void> => {
  const watch = async (filter: Filter): Promise<void> => {
    for await (const record of followRecords(client, { signal }, { filter, read: recordOf })) {
      const interference = interferenceOf(record);
      if (interference) tell(interference);
    }
  };
  await Promise.all([watch(BY_TYPE), watch(BY_STREAM)]);
};

interface ServerRecord {
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
  readonly position: bigint;
}

const recordOf = ({ event, commitPosition }: ResolvedEvent): ServerRecord | undefined => {
  const position = event?.position?.commit ?? commitPosition;
  if (!event || position === undefined) return undefined;
  return { stream: event.streamId, type: event.type, data: event.data, position };
};

/** What a record says was done to the events of the ledger; undefined for the server's own housekeeping and our set-up. */
export const interferenceOf = ({ stream, type, data, position }: ServerRecord): Interference | undefined => {
  const about = { stream, type, position: position.toString() };
  if (stream === SETTINGS_STREAM)
    return keepsEventsSafe(data)
      ? undefined
      : {
          kind: 'settings_changed',
          detail:
            'the default access of the event store lets others than administrators delete or hide events',
          about,
        };
  if (type === '$streamDeleted')
    return stream.startsWith('$')
      ? undefined
      : { kind: 'stream_deleted', detail: `stream ${stream} was deleted for good`, about };
  if (type === '$metadata') return ofMetadata(stream, data, about);
  return {
    kind: 'scavenged',
    detail: 'a scavenge of the event store began: what was hidden is destroyed for good',
    about,
  };
};

const ofMetadata = (
  stream: string,
  data: unknown,
  about: Interference['about'],
): Interference | undefined => {
  const target = stream.slice('$$'.length);
  if (stream === ALL_METADATA_STREAM)
    return onlyGrantsReading(data)
      ? undefined
      : { kind: 'settings_changed', detail: 'the metadata of $all says more than who may read', about };
  // The server sets the age of its own statistics and projections this way.
  if (target.startsWith('$')) return undefined;
  const { $tb, $maxAge, $maxCount } = (data ?? {}) as { [name: string]: unknown };
  if (typeof $tb === 'number' && $tb > Number.MAX_SAFE_INTEGER)
    return {
      kind: 'stream_deleted',
      detail: `stream ${target} was deleted; a scavenge destroys its events`,
      about,
    };
  if ($tb !== undefined || $maxAge !== undefined || $maxCount !== undefined)
    return {
      kind: 'retention_set',
      detail: `events of stream ${target} are hidden by its metadata; a scavenge destroys them`,
      about,
    };
  return { kind: 'metadata_written', detail: `somebody wrote metadata of stream ${target}`, about };
};
