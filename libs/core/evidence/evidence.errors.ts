/** Of the record itself. */
export const EVIDENCE_ERRORS = {
  ledger_unavailable: {
    http: 503,
    rpc: -31043,
    says: 'The ledger did not record in time; nothing was forwarded or released.',
    next: 'Try again; operators: check the ledger service and its disk.',
  },
  ledger_full: {
    http: 503,
    rpc: -31044,
    says: 'The ledger has no room left; nothing is forwarded until there is.',
    next: 'Operators: free disk space for the event store.',
  },
  revision_conflict: {
    http: 409,
    rpc: -31045,
    says: 'Somebody else changed this record first.',
    next: 'Read it again.',
  },
  event_unknown: {
    http: 501,
    rpc: -31048,
    says: 'The record holds an event of a type or version that this release does not know.',
    next: 'Use a release at least as new as the one that wrote it.',
  },
  read_model_behind: {
    http: 503,
    rpc: -31049,
    says: 'The read model is still being built from the log; an answer now would not be complete.',
    next: 'Ask again: building goes on meanwhile. GET /ledger/projection says how far it is.',
  },
  checkpoint_pending: {
    http: 503,
    rpc: -31080,
    says: 'No signed checkpoint covers this entry yet.',
    next: 'Ask again in a second; operators: GET /ledger/log says when nothing is signed any more, and why.',
  },
  evidence_too_large: {
    http: 413,
    rpc: -31081,
    says: 'The evidence pack would be larger than 4 GiB.',
    next: 'Ask for a shorter time with --from and --to; without them a pack holds the whole log.',
  },
} as const;
