import type { CallRequest } from '../../call/call.js';
import type { Gateway } from '../../gateway.js';
import type { LegacyClient } from '../client.js';
import { type HttpReply, httpReply } from '../http-reply.js';
import type { McpRequest } from '../mcp-request.js';
import { finish, ownerKey, progressTokenOf, runCall } from '../run-call.js';
import { carryCall } from '../tasks/carry-call.js';
import { legacyExchange } from './legacy-exchange.js';

/**
 * Answers a call of a legacy client; on a response stream, which its session can take up again, once there is more to say.
 * @param open the response, where something was said on it already
 */
export const answerLegacy = async (
  gateway: Gateway,
  mcp: McpRequest,
  client: LegacyClient,
  call: CallRequest,
  open?: HttpReply,
): Promise<void> => {
  const { frame, post, owner } = mcp;
  const { session } = client;
  const { signal, end } = gateway.inFlight.begin(ownerKey(mcp), frame.id);
  const resumable = session !== undefined && client.revision === '2025-11-25';
  const http =
    open ?? httpReply(post.request, post.reply, resumable ? gateway.streams.create(owner) : undefined);
  const exchange = legacyExchange(http, client, gateway.questions, {
    cancelled: signal,
    progressToken: progressTokenOf(frame.params),
  });
  try {
    const answer = await runCall(gateway, mcp, call, () => carryCall(gateway, mcp, call, exchange));
    // MCP basic/utilities/cancellation: a cancelled request gets no response.
    if (signal.aborted) http.end();
    else finish(http, frame.id, answer);
  } finally {
    end();
  }
};
