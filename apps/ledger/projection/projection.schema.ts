/** The read model. Holds no personal data of customers and no truth: delete the file and it is rebuilt from the log. */
export const PROJECTION_VERSION = 2;

/** Of every version: it says of which version the rest is. */
export const PROGRESS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS progress (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, position TEXT) STRICT;
`;

export const CALLS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS calls (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    principal TEXT NOT NULL,
    agent TEXT,
    method TEXT NOT NULL,
    server TEXT NOT NULL,
    tool TEXT NOT NULL,
    decision TEXT,
    rules TEXT,
    outcome TEXT NOT NULL,
    approval_id TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS calls_by_principal ON calls (principal, n);
  CREATE INDEX IF NOT EXISTS calls_by_tool ON calls (server, tool, n);
  CREATE INDEX IF NOT EXISTS calls_by_method ON calls (method, n);
  CREATE INDEX IF NOT EXISTS calls_open ON calls (outcome) WHERE outcome IN ('forwarding', 'held');
`;

/** What a call item of the list says; `outcome` is where the call stands. */
export interface CallItem {
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly agent: string | null;
  readonly method: string;
  readonly server: string;
  /** Name of the tool or prompt; for everything else the method. */
  readonly tool: string;
  readonly decision: string | null;
  readonly rules: readonly string[];
  readonly outcome: string;
  readonly approvalId?: string;
}

export interface CallFilter {
  readonly principal?: string;
  readonly method?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly decision?: string;
  readonly from?: string;
  readonly to?: string;
  /** Number of the last item of the page before; newest first. */
  readonly before?: number;
  readonly limit: number;
}
