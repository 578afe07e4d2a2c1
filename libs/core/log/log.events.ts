/** Streams of the Merkle log. Only the ledger itself writes them: they are no names that an append over the bus may use. */
export const CHECKPOINTS_STREAM = 'log-checkpoints';
export const COSIGNATURES_STREAM = 'log-cosignatures';
export const TIMESTAMPS_STREAM = 'log-timestamps';

/**
 * The tree over the first `size` entries of the store has this root. Durable before the checkpoint is signed; the
 * revision of its stream lets one sequencer win.
 */
export interface CheckpointRecorded {
  readonly type: 'CheckpointRecorded';
  readonly v: 1;
  readonly data: {
    /** Name of the log, first line of its checkpoints (C2SP tlog-checkpoint). */
    readonly origin: string;
    readonly size: number;
    /** RFC 6962 root as in the checkpoint: base64 of 32 bytes. */
    readonly root: string;
  };
}

/** A witness has cosigned a checkpoint (C2SP tlog-cosignature); recorded after its signature was verified. */
export interface CheckpointCosigned {
  readonly type: 'CheckpointCosigned';
  readonly v: 1;
  readonly data: {
    readonly size: number;
    readonly root: string;
    /** Key name of the witness. */
    readonly witness: string;
    /** The signature line with its newline, as it stands in the note. */
    readonly line: string;
  };
}

/** A time-stamp authority has stamped a checkpoint (RFC 3161). The token travels beside the entry, not sealed. */
export interface CheckpointTimestamped {
  readonly type: 'CheckpointTimestamped';
  readonly v: 1;
  readonly data: {
    readonly size: number;
    readonly root: string;
    /** Address of the authority. */
    readonly authority: string;
    /** The stamped bytes: the note text of the checkpoint. SHA-256, hexadecimal. */
    readonly imprint: string;
  };
  readonly payload: { readonly commit: `sha256:${string}`; readonly bytes: number };
}

export type LogEvent = CheckpointRecorded | CheckpointCosigned | CheckpointTimestamped;

/** What the log writes about itself; a log that grows by these alone is idle. */
export const LOG_EVENT_TYPES = [
  'CheckpointRecorded',
  'CheckpointCosigned',
  'CheckpointTimestamped',
] as const satisfies readonly LogEvent['type'][];
