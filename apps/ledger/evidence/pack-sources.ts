import type { Digest } from '#core/hash.js';
import type { LogEntry } from '#evidence/check-range.js';
import type { NoteSigner } from '#tlog/note-key.js';
import type { ReadTile } from '#tlog/proof.js';

/** An entry of a stream, with what travels beside it. */
export interface StreamEntry extends LogEntry {
  readonly attachment?: Uint8Array;
}

/** Everything a pack is made of: the log at one signed checkpoint. No entry behind that checkpoint is ever given. */
export interface PackSources {
  /** The signed checkpoint, with cosignatures if there are any. */
  readonly checkpoint: string;
  readonly readTile: ReadTile;
  /** Entries [from, to) in the order of the log; `to` is at most the size of the checkpoint. */
  entries(from: number, to: number): AsyncIterable<LogEntry>;
  /** Oldest first; empty for an unknown stream. */
  stream(name: string): Promise<readonly StreamEntry[]>;
  /** Salt and payload of a sealed attachment, after it was checked against its commitment. */
  open(sealed: Uint8Array, commit: Digest): Promise<Uint8Array>;
  /** Earlier signed checkpoints of the log to be linked with this one, in any order. */
  readonly earlier: readonly string[];
  /** RFC 3161 tokens about these checkpoints. */
  readonly timestamps: readonly { readonly size: number; readonly token: Uint8Array }[];
  /** Text of the tlog-policy that the ledger itself goes by, if it has one. */
  readonly policy: string | undefined;
  readonly signer: NoteSigner;
}

/** What of the sealed payloads the bank opens in a pack: exact requests, masked results. Never original results. */
export type Disclosed = 'requests' | 'results';

export interface PackFacts {
  /** Version of the product. */
  readonly product: string;
  /** RFC 3339, UTC. */
  readonly exported_at: string;
}
