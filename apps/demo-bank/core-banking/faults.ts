import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { isToolName } from './tools.js';

const FAILURES = ['tool_error', 'rpc_error', 'http_500', 'malformed', 'drop_before', 'drop_after'] as const;
export type Failure = (typeof FAILURES)[number];

/** A way for tests to make chosen calls slow or go wrong. Not reachable through MCP: given when the server is started. */
export interface Fault {
  readonly tool: string;
  /** Only calls whose arguments have these values. */
  readonly when?: JsonObject;
  /** Wait before the call takes effect. */
  readonly delay_ms?: number;
  /** Wait after it has taken effect, before the answer. */
  readonly answer_delay_ms?: number;
  /** `drop_before` and `drop_after` close the connection without an answer, before or after the call takes effect. */
  readonly fail?: Failure;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws TypeError for a fault that would silently do nothing */
export const parseFault = (text: string): Fault => {
  const fault: unknown = JSON.parse(text);
  if (!isPlainObject(fault) || !isToolName(fault['tool']))
    throw new TypeError('fault: expected {"tool": "<tool name>", ...}');
  const { tool: _, when, delay_ms, answer_delay_ms, fail, ...rest } = fault;
  const wrongFailure = fail !== undefined && !FAILURES.some((known) => known === fail);
  const wrongDelay = [delay_ms, answer_delay_ms].some(
    (value) => value !== undefined && !Number.isSafeInteger(value),
  );
  if (
    wrongFailure ||
    wrongDelay ||
    (when !== undefined && !isPlainObject(when)) ||
    Object.keys(rest).length > 0
  ) {
    throw new TypeError(
      `fault: expected tool, when, delay_ms, answer_delay_ms, fail (${FAILURES.join(', ')})`,
    );
  }
  return fault as unknown as Fault;
};

/** The first fault that fits a call. */
export const faultFor = (faults: readonly Fault[], tool: string, input: Json): Fault | undefined =>
  faults.find((fault) => {
    const conditions = Object.entries(fault.when ?? {});
    return (
      fault.tool === tool &&
      conditions.every(([name, value]) => isPlainObject(input) && input[name] === value)
    );
  });
