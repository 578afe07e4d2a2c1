import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from '#core/evidence/canonical-json.js';

export interface LoggedCall {
  /** 1 for the first tools/call that reached the server. */
  readonly seq: number;
  readonly tool: Json;
  readonly arguments: Json;
  /** JSON-RPC id. */
  readonly id: Json;
  /** Of the whole Authorization header: tells credentials apart without showing them. */
  readonly authorization_sha256?: string;
  /** With `keep_requests` only. */
  readonly headers?: IncomingHttpHeaders;
  readonly body?: string;
  /** Whether the call took effect: false while it waits, when it was refused and when it was made to fail before. */
  took_effect: boolean;
}

export interface Stats {
  /** Every tools/call that reached the server, valid or not. */
  readonly calls: number;
  readonly by_tool: Readonly<Record<string, number>>;
  readonly took_effect: number;
  /** Other MCP requests by method. */
  readonly other: Readonly<Record<string, number>>;
  /** The latest calls, oldest first. */
  readonly log: readonly LoggedCall[];
}

const LOG_MAX = 10_000;
const NAMES_MAX = 100;

const count = (counters: Map<string, number>, name: string): void => {
  if (counters.has(name) || counters.size < NAMES_MAX) counters.set(name, (counters.get(name) ?? 0) + 1);
};

/** Counts what reached the server: counters are exact, the list is bounded. */
export const createCallLog = (keep_requests: boolean) => {
  const byTool = new Map<string, number>();
  const other = new Map<string, number>();
  const log: LoggedCall[] = [];
  let calls = 0;
  let took_effect = 0;
  return {
    request: (method: string): void => count(other, method),
    call: (id: Json, tool: Json, input: Json, headers: IncomingHttpHeaders, body: string): LoggedCall => {
      calls += 1;
      count(byTool, String(tool));
      const { authorization } = headers;
      const entry: LoggedCall = {
        seq: calls,
        tool,
        arguments: input,
        id,
        ...(authorization && {
          authorization_sha256: createHash('sha256').update(authorization).digest('hex'),
        }),
        ...(keep_requests && { headers, body }),
        took_effect: false,
      };
      log.push(entry);
      // Cut in blocks: removing the first entry on every call would cost more than the call.
      if (log.length >= 2 * LOG_MAX) log.splice(0, LOG_MAX);
      return entry;
    },
    tookEffect: (entry: LoggedCall): void => {
      entry.took_effect = true;
      took_effect += 1;
    },
    stats: (): Stats => ({
      calls,
      by_tool: Object.fromEntries(byTool),
      took_effect,
      other: Object.fromEntries(other),
      log: log.slice(-LOG_MAX),
    }),
  };
};

export type CallLog = ReturnType<typeof createCallLog>;
