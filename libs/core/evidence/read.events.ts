import type { JsonObject } from './canonical-json.js';

/** Somebody looks into the ledger; in stream `read-<id>`, before anything is shown. */
export interface LedgerRead {
  readonly type: 'LedgerRead';
  readonly v: 1;
  readonly data: {
    readonly what: string;
    /** What was asked for; never a value of a customer. */
    readonly query: JsonObject;
  };
}

/** Somebody without the role asked. */
export interface LedgerReadRefused {
  readonly type: 'LedgerReadRefused';
  readonly v: 1;
  readonly data: LedgerRead['data'];
}

export type ReadEvent = LedgerRead | LedgerReadRefused;
