import { setTimeout as wait } from 'node:timers/promises';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import { BankRefusal, type Books } from './books.js';
import type { CallLog, LoggedCall } from './call-log.js';
import { type Fault, faultFor } from './faults.js';
import { RpcError } from './frame.js';
import { INPUTS, isToolName, type ToolName } from './tools.js';

/** What the connection is to do instead of answering. */
export type Breakage = 'http_500' | 'malformed' | 'drop';

export interface ToolServices {
  readonly books: Books;
  readonly log: CallLog;
  readonly faults: readonly Fault[];
  readonly stopped: AbortSignal;
}

const errorResult = (text: string): string =>
  JSON.stringify({ content: [{ type: 'text', text }], isError: true });

const toolResult = (value: object): string => {
  const text = JSON.stringify(value);
  return `{"content":[{"type":"text","text":${JSON.stringify(text)}}],"structuredContent":${text},"isError":false}`;
};

/** Checks the arguments against the very schema that tools/list shows, then runs the tool. */
const run = (books: Books, tool: ToolName, input: Json): object => {
  const checked = INPUTS[tool].safeParse(input);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new BankRefusal(
      `The arguments do not fit the schema: ${issue?.path.join('.') || 'arguments'}: ${issue?.message}`,
    );
  }
  const method = books[tool] as (input: unknown) => object;
  return method(checked.data);
};

const runAndLog = ({ books, log }: ToolServices, entry: LoggedCall, tool: ToolName, input: Json): string => {
  try {
    const value = run(books, tool, input);
    log.tookEffect(entry);
    return toolResult(value);
  } catch (error) {
    // SEP-1303: what is wrong with arguments is told to the model in a result, not to the client in an error.
    if (error instanceof BankRefusal) return errorResult(error.message);
    throw error;
  }
};

const runWithFault = async (
  services: ToolServices,
  fault: Fault,
  effect: () => string,
): Promise<{ result: string } | { breakage: Breakage }> => {
  if (fault.delay_ms !== undefined) await wait(fault.delay_ms, undefined, { signal: services.stopped });
  if (fault.fail === 'tool_error') return { result: errorResult('The core banking system is closed.') };
  if (fault.fail === 'rpc_error') throw new RpcError(-32603, 'The core banking system has failed.', 200);
  if (fault.fail === 'http_500') return { breakage: 'http_500' };
  if (fault.fail === 'drop_before') return { breakage: 'drop' };
  const result = effect();
  if (fault.answer_delay_ms !== undefined)
    await wait(fault.answer_delay_ms, undefined, { signal: services.stopped });
  if (fault.fail === 'drop_after') return { breakage: 'drop' };
  return fault.fail === 'malformed' ? { breakage: 'malformed' } : { result };
};

/**
 * Carries out one logged tools/call and gives the result as JSON text.
 * @throws RpcError for an unknown tool, or as a fault demands
 */
export const callTool = async (
  services: ToolServices,
  entry: LoggedCall,
  params: JsonObject,
): Promise<{ result: string } | { breakage: Breakage }> => {
  const { name, arguments: input = {} } = params;
  if (!isToolName(name)) throw new RpcError(-32602, 'Unknown tool.', 200);
  const effect = (): string => runAndLog(services, entry, name, input);
  const fault = services.faults.length === 0 ? undefined : faultFor(services.faults, name, input);
  return fault === undefined ? { result: effect() } : runWithFault(services, fault, effect);
};
