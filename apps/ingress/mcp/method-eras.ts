/** Methods that one era has and the other does not (MCP 2026-07-28 changelog). */
export const LEGACY_ONLY: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/result',
]);

export const MODERN_ONLY: ReadonlySet<string> = new Set([
  'server/discover',
  'subscriptions/listen',
  'tasks/update',
]);

/**
 * Governed methods that no client may ask for: questions of servers, and a list of tasks, which would show those of other
 * callers behind the same connection.
 */
export const NEVER_ASKED: ReadonlySet<string> = new Set([
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
  'tasks/list',
]);
