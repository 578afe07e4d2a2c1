import { canonicalJson, type JsonObject } from '../evidence/canonical-json.js';
import type { HashFunction } from '../hash.js';

/**
 * What an alarm is about. Closed, so that it can be a label of a metric and a rule of a SIEM.
 * The first seven are found in the event store itself, by reading what its owner did to it;
 * those of the log by comparing the store with tiles, signed checkpoints and witnesses; the last ones are acts of people
 * that somebody else must look at.
 */
export const ALARM_KINDS = [
  'store_metadata_written',
  'store_retention_set',
  'store_stream_deleted',
  'store_settings_changed',
  'store_scavenged',
  'store_truncated',
  'store_damaged',
  'log_entry_differs',
  'log_entries_missing',
  'log_entry_too_large',
  'log_checkpoint_differs',
  'log_signed_checkpoint_differs',
  'log_origin_differs',
  'log_tile_differs',
  'log_tile_missing',
  'log_position_differs',
  'log_fork',
  'break_glass_used',
  'break_glass_review_overdue',
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** Somebody or something touched the record itself, or did what others must look at; in stream `alarm-<id>`, one event. */
export interface AlarmRaised {
  readonly type: 'AlarmRaised';
  readonly v: 1;
  readonly data: {
    readonly kind: AlarmKind;
    /** One sentence for a person: what was found, and what that means. Never personal data. */
    readonly detail: string;
    /** What was found and where (stream, position, index, sizes, roots, ...). With `kind` it says which finding this is. */
    readonly about: JsonObject;
  };
}

/** What somebody who finds something says of it. */
export type Alarm = AlarmRaised['data'];

/** Two alarms with the same kind and `about` are the same finding and have the same id: 32 hex digits. */
export const alarmId = ({ kind, about }: Alarm, hash: HashFunction): string =>
  hash(canonicalJson({ kind, about })).slice('sha256:'.length, 'sha256:'.length + 32);

export const alarmStream = (id: string): string => `alarm-${id}`;
