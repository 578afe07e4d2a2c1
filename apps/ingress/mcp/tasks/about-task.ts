import { type GovernedMethod, targetOf } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { scanStrictJson } from '#mcp/strict-json.js';
import type { CallRequest } from '../../call/call.js';
import type { Gateway } from '../../gateway.js';
import type { McpRequest } from '../mcp-request.js';

type TaskMethod = Extract<GovernedMethod, `tasks/${string}`>;

/** Whose request it is, and the gateway that carries it. */
export interface Carrying {
  readonly gateway: Gateway;
  readonly owner: McpRequest['owner'];
}

/** Another call about the same task, with the same caller and gates: policy decides on `method` by itself. */
export const aboutTask = (
  { gateway, owner }: Carrying,
  call: CallRequest,
  method: TaskMethod,
  own: JsonObject & { readonly taskId: string },
): CallRequest => {
  const { continues: _continues, taskFor: _taskFor, here, ...rest } = call;
  const { _meta } = call.params;
  const params = { ...own, ...(_meta === undefined ? {} : { _meta }) };
  const target = targetOf(method, params);
  if (target === undefined) throw new CountersignError('internal', method);
  const kept = here === undefined ? {} : { here: gateway.keptResults.answering(method, owner, own.taskId) };
  return { ...rest, method, params, target, ...kept };
};

/** The task a request about one names, as its server knows it. */
export const taskIdOf = ({ params: { taskId } }: CallRequest): string => String(taskId);

export const jsonOf = (bytes: Uint8Array): JsonObject =>
  JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;

/** One member of a released result, byte for byte; undefined when there is none. */
export const memberBytes = (bytes: Uint8Array, key: string): Uint8Array | undefined => {
  const { members } = scanStrictJson(bytes, {
    bytes_max: bytes.length,
    depth_max: 128,
    members_max: Number.MAX_SAFE_INTEGER,
    verbatim: true,
  });
  const span = members.find((member) => member.key === key);
  return span && bytes.subarray(span.start, span.end);
};
