import { callerActor } from '#http/record-refusal.js';
import type { Gateway } from '../../gateway.js';
import type { Post } from '../mcp-request.js';
import { openSessionOf } from './open-session-of.js';

/**
 * DELETE of a legacy session (MCP 2025-11-25 basic/transports): ended for good, on record, and from then on unknown.
 * @throws CountersignError session_unknown, ledger_*
 */
export const handleDelete = async (gateway: Gateway, post: Post): Promise<void> => {
  const { caller, session } = await openSessionOf(gateway, post);
  await gateway.endedSessions.end(session, callerActor(caller));
  await gateway.listeners.forget(session.id);
  await post.reply.code(204).send();
};
