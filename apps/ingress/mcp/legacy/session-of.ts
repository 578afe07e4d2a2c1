import { randomUUID } from 'node:crypto';
import { SESSION_MS } from '#core/call/session.events.js';
import { canonicalJson, type JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { Caller } from '#identity/caller.js';
import { clientText } from '#mcp/client-text.js';
import { negotiateRevision } from '#mcp/revisions.js';
import { declaredCapabilities, openSession, type Session, sealSession } from '#mcp/session.js';
import { sha256 } from '#sealing/sha256.js';
import type { Gateway } from '../../gateway.js';

/** A session, a task, a request state belongs to one person at one client; somebody else's session id is simply not known. */
export const ownerOf = ({ issuer, subject, clientId }: Caller): Digest =>
  sha256(canonicalJson([issuer, subject, clientId]));

/** Answers `initialize`: the negotiated revision, and a session that lives in its own id. */
export const newSession = (
  gateway: Gateway,
  caller: Caller,
  params: JsonObject,
): { session: Session; text: string } => {
  const client = (params['clientInfo'] ?? {}) as { name?: unknown; version?: unknown };
  const now = gateway.now().getTime();
  const session: Session = {
    id: randomUUID(),
    principal: ownerOf(caller),
    protocolVersion: negotiateRevision(params['protocolVersion']),
    client: { name: clientText(client.name), version: clientText(client.version) },
    capabilities: declaredCapabilities((params['capabilities'] ?? {}) as JsonObject),
    issuedAt_ms: now,
    expiresAt_ms: now + SESSION_MS,
  };
  return { session, text: sealSession(gateway.sessions, session) };
};

/** The session of a later request; without a header there is none. @throws CountersignError session_unknown, ledger_unavailable */
export const sessionOf = async (
  gateway: Gateway,
  caller: Caller,
  header: string | string[] | undefined,
): Promise<Session | undefined> => {
  if (header === undefined) return undefined;
  const session = openSession(gateway.sessions, String(header), ownerOf(caller), gateway.now().getTime());
  await gateway.endedSessions.requireOpen(session.id);
  return session;
};
