/** The read model. Holds no personal data of customers and no truth: delete the file and it is rebuilt from the log. */
export const PROJECTION_VERSION = 1;

export const PROJECTION_SCHEMA = `
  CREATE TABLE IF NOT EXISTS progress (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, position TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS calls (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    principal TEXT NOT NULL,
    agent TEXT,
    server TEXT NOT NULL,
    tool TEXT NOT NULL,
    decision TEXT,
    rules TEXT,
    outcome TEXT NOT NULL,
    approval_id TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS calls_by_principal ON calls (principal, n);
  CREATE INDEX IF NOT EXISTS calls_by_tool ON calls (server, tool, n);
  CREATE INDEX IF NOT EXISTS calls_open ON calls (outcome) WHERE outcome IN ('forwarding', 'held');
`;

/** What a call item of the list says; `outcome` is where the call stands. */
export interface CallItem {
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly agent: string | null;
  readonly server: string;
  readonly tool: string;
  readonly decision: string | null;
  readonly rules: readonly string[];
  readonly outcome: string;
  readonly approvalId?: string;
}

export interface CallFilter {
  readonly principal?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly decision?: string;
  readonly from?: string;
  readonly to?: string;
  /** Number of the last item of the page before; newest first. */
  readonly before?: number;
  readonly limit: number;
}
