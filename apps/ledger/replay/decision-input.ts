import type { CallDecided, CallRequested, InputRequested } from '#core/call/call.events.js';
import { targetOf } from '#core/call/target.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { DecisionInput } from '#core/policy/policy.types.js';

/** What policy was asked, from the log: of a call, and of a question that an upstream asked while it had the call. */
export const decisionInput = (
  { data }: CallDecided | InputRequested,
  { server, tool, method = 'tools/call' }: CallRequested['data'],
  params: JsonObject,
): DecisionInput => {
  const { groups, now, token } = data;
  const target = targetOf('question' in data ? data.method : method, params);
  if (target === undefined)
    throw new CountersignError('internal', 'the recorded params name nothing to decide on');
  const { kind, name, args } = target;
  return { groups, kind, server, tool: kind === 'tool' ? tool : name, args, token, now };
};
