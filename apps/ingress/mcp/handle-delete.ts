import { randomUUID } from 'node:crypto';
import { ledgerAppend } from '#contracts/ledger.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { callerActor } from '#http/record-refusal.js';
import type { Gateway } from '../gateway.js';
import type { Post } from './mcp-request.js';
import { openSessionOf } from './open-session-of.js';

/**
 * DELETE of a legacy session (MCP 2025-11-25 basic/transports): ended for good, on record, and from then on unknown.
 * @throws CountersignError session_unknown, ledger_*
 */
export const handleDelete = async (gateway: Gateway, post: Post): Promise<void> => {
  const { caller, session } = await openSessionOf(gateway, post);
  const { id, client, expiresAt_ms } = session;
  const command = buildAppend(
    {
      stream: `session-${id}`,
      expected: -1,
      time: gateway.now().toISOString(),
      actor: callerActor(caller),
      correlation: id,
      causation: id,
      newId: randomUUID,
    },
    [{ event: { type: 'SessionEnded', v: 1, data: { client, expires_ms: expiresAt_ms } } }],
  );
  await gateway.bus.request(ledgerAppend, command);
  gateway.endedSessions.add(id, expiresAt_ms);
  await gateway.listeners.forget(id);
  await post.reply.code(204).send();
};
