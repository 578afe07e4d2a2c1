/**
 * The read model. Holds no personal data of customers and no truth: delete the file and it is rebuilt from the log, row
 * by row the same. Calls are numbered in store order, which is what pages and sessions go by.
 */
export const PROJECTION_VERSION = 4;

export const PROJECTION_SCHEMA = `
  CREATE TABLE progress (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version INTEGER NOT NULL,
    position TEXT,
    unknown INTEGER NOT NULL DEFAULT 0,
    index_position TEXT,
    index_key TEXT,
    index_unreadable INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE policies (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE sessions (
    n INTEGER PRIMARY KEY,
    principal TEXT NOT NULL,
    client TEXT NOT NULL,
    agent TEXT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sessions_by_who ON sessions (principal, client, agent, n);
  CREATE TABLE calls (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    principal TEXT NOT NULL,
    client TEXT NOT NULL,
    agent TEXT,
    session INTEGER NOT NULL,
    method TEXT NOT NULL,
    server TEXT NOT NULL,
    tool TEXT NOT NULL,
    kind TEXT,
    decision TEXT,
    rules TEXT,
    policy INTEGER,
    outcome TEXT NOT NULL,
    masked TEXT,
    approval_id TEXT,
    truncated INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX calls_by_principal ON calls (principal, n);
  CREATE INDEX calls_by_session ON calls (session, n);
  CREATE INDEX calls_by_tool ON calls (server, tool, n);
  CREATE INDEX calls_by_method ON calls (method, n);
  CREATE INDEX calls_by_approval ON calls (approval_id) WHERE approval_id IS NOT NULL;
  CREATE INDEX calls_open ON calls (outcome) WHERE outcome IN ('forwarding', 'held');
  CREATE INDEX calls_truncated ON calls (n) WHERE truncated = 1;
  CREATE TABLE approvals (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    position TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    decided_at TEXT,
    changed_at TEXT NOT NULL,
    reported TEXT NOT NULL,
    state TEXT
  ) STRICT;
  CREATE INDEX approvals_by_request ON approvals (requested_at, n);
  CREATE INDEX approvals_by_decision ON approvals (decided_at, n) WHERE decided_at IS NOT NULL;
  CREATE INDEX approvals_changed ON approvals (changed_at);
  CREATE INDEX approvals_unsettled ON approvals (n) WHERE state IS NOT NULL;
  CREATE TABLE labels (label TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (label, n)) STRICT, WITHOUT ROWID;
  CREATE TABLE tokens (token BLOB NOT NULL, n INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (token, n))
    STRICT, WITHOUT ROWID;
`;

/** Where in a call a value stands, as bits, because it may stand in several. */
export const PLACES = { arguments: 1, result: 2, answer: 4, message: 8 } as const;
export type Place = keyof typeof PLACES;

/** Calls of one caller through one client are one session until this long passes without a call. */
export const SESSION_GAP_MS = 30 * 60_000;
