import { randomUUID } from 'node:crypto';
import { listStream, type ServerDiscovered } from '#core/call/list.events.js';
import { SESSION_STARTED, type SessionStarted, sessionStream } from '#core/call/session.events.js';
import type { Caller } from '#identity/caller.js';
import type { Session } from '#mcp/session.js';
import type { Gateway } from '../gateway.js';
import type { McpRequest } from './mcp-request.js';
import { recordFirst } from './record-first.js';

/** `initialize`, on record before the caller has the session (promise G6). @throws CountersignError ledger_* */
export const recordSession = (
  gateway: Gateway,
  caller: Caller,
  endpoint: string,
  { id, client, protocolVersion, expiresAt_ms }: Session,
): Promise<void> => {
  const event: SessionStarted = {
    type: SESSION_STARTED,
    v: 1,
    data: { client, endpoint, expires_ms: expiresAt_ms, revision: protocolVersion },
  };
  return recordFirst(gateway, caller, id, sessionStream(id), event);
};

/** `server/discover`, on record before the caller has the answer (promise G6). @throws CountersignError ledger_* */
export const recordDiscovery = (
  gateway: Gateway,
  { caller, client, endpoint }: McpRequest,
): Promise<void> => {
  const id = randomUUID();
  const { info, revision } = client;
  const event: ServerDiscovered = {
    type: 'ServerDiscovered',
    v: 1,
    data: { client: info, endpoint, revision },
  };
  return recordFirst(gateway, caller, id, listStream(id), event);
};
