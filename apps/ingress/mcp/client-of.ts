import type { FastifyRequest } from 'fastify';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { Caller } from '#identity/caller.js';
import { clientText } from '#mcp/client-text.js';
import type { Frame } from '#mcp/frame.js';
import { META, TASKS_EXTENSION } from '#mcp/meta.js';
import { isLegacyRevision, isModernRevision, SERVED_REVISIONS } from '#mcp/revisions.js';
import { declaredCapabilities, type Session, type SessionCapability } from '#mcp/session.js';
import type { Gateway } from '../gateway.js';
import { isLogLevel } from '../log-levels.js';
import type { Client, LegacyClient, ModernClient } from './client.js';
import { sessionOf } from './legacy/session-of.js';
import { RefusalWithData } from './refusal.js';

/**
 * Chooses the era for one request (MCP 2026-07-28 basic/versioning): a request that carries its revision, in `_meta` or by
 * a header that names a modern one, is modern; everything else is legacy.
 * @throws CountersignError revision_unsupported, header_mismatch, params_invalid, session_unknown
 */
export const clientOf = async (
  gateway: Gateway,
  { headers }: FastifyRequest,
  caller: Caller,
  frame: Frame,
): Promise<Client> => {
  const header = headers['mcp-protocol-version'];
  const meta = frame.kind === 'response' ? undefined : metaOf(frame.params);
  const named = meta?.[META.protocolVersion];
  if (named === undefined && !isModernRevision(header)) {
    if (header !== undefined && !isLegacyRevision(header)) throw unsupported(header);
    const session = await sessionOf(gateway, caller, headers['mcp-session-id']);
    if (session !== undefined) return clientOfSession(gateway, session);
    return {
      era: 'legacy',
      revision: isLegacyRevision(header) ? header : '2025-03-26',
      info: null,
      capabilities: new Set(),
      logLevel: undefined,
      session,
    };
  }
  if (frame.kind !== 'request')
    throw new CountersignError('frame_invalid', 'this revision has requests of the client only');
  return modernClient(header, meta ?? {});
};

export const clientOfSession = (gateway: Gateway, session: Session): LegacyClient => ({
  era: 'legacy',
  revision: session.protocolVersion,
  info: session.client,
  capabilities: new Set(session.capabilities),
  logLevel: gateway.logLevels.get(session.id),
  session,
});

const modernClient = (header: unknown, meta: JsonObject): ModernClient => {
  const { [META.protocolVersion]: revision, [META.clientCapabilities]: declared } = meta;
  if (typeof revision !== 'string') throw missing(META.protocolVersion);
  if (header !== revision) throw new CountersignError('header_mismatch', 'MCP-Protocol-Version');
  if (!isModernRevision(revision)) throw unsupported(revision);
  if (!isJsonObject(declared)) throw missing(META.clientCapabilities);
  const { [META.clientInfo]: info, [META.logLevel]: logLevel } = meta;
  if (info !== undefined && !isJsonObject(info)) throw missing(META.clientInfo);
  return {
    era: 'modern',
    revision,
    info:
      info === undefined ? null : { name: clientText(info['name']), version: clientText(info['version']) },
    capabilities: new Set([...declaredCapabilities(declared), ...tasksOf(declared)]),
    logLevel: isLogLevel(logLevel) ? logLevel : undefined,
  };
};

const tasksOf = ({ extensions }: JsonObject): readonly SessionCapability[] =>
  isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]) ? ['tasks'] : [];

const metaOf = ({ _meta: meta }: JsonObject): JsonObject | undefined =>
  isJsonObject(meta) ? meta : undefined;

const unsupported = (revision: unknown): RefusalWithData => {
  const requested = String(revision).slice(0, 32);
  return new RefusalWithData('revision_unsupported', requested, { supported: SERVED_REVISIONS, requested });
};

const missing = (key: string): CountersignError =>
  new CountersignError('params_invalid', `_meta: ${key} is missing or malformed`);
