/** RFC 5424 severities as MCP names them, least severe first (MCP server/utilities/logging). */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type LogLevel = (typeof LEVELS)[number];

export const isLogLevel = (value: unknown): value is LogLevel =>
  (LEVELS as readonly unknown[]).includes(value);

/** Whether a message is at least as severe as what was asked for; unknown levels are not. */
export const isAtLeast = (level: unknown, asked: LogLevel): boolean =>
  isLogLevel(level) && LEVELS.indexOf(level) >= LEVELS.indexOf(asked);

const SESSIONS_MAX = 100_000;

/** What legacy sessions asked for with logging/setLevel. In memory of this replica; a session that is not here hears all. */
export class LogLevels {
  private readonly levels = new Map<string, LogLevel>();

  set(sessionId: string, level: LogLevel): void {
    this.levels.delete(sessionId);
    this.levels.set(sessionId, level);
    if (this.levels.size > SESSIONS_MAX) this.levels.delete(this.levels.keys().next().value ?? '');
  }

  get(sessionId: string): LogLevel | undefined {
    return this.levels.get(sessionId);
  }
}
