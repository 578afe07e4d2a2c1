import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { Digest } from '#core/hash.js';
import { clientText } from './client-text.js';
import { isLegacyRevision, type LegacyRevision } from './revisions.js';
import { openText, type SealingKeyring, sealText } from './sealed-text.js';

// The place of a name is its bit in sealed sessions: only append.
const CAPABILITIES = ['elicitation', 'elicitation_url', 'sampling', 'roots', 'tasks'] as const;
/** What the client declared at `initialize`, as far as the gateway cares. */
export type SessionCapability = (typeof CAPABILITIES)[number];

export interface Session {
  /** Names the session in the record; not a secret. 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly id: string;
  readonly principal: Digest;
  readonly protocolVersion: LegacyRevision;
  /** As the client says; cut to 64 characters each. Never a ground for a decision. */
  readonly client: { readonly name: string; readonly version: string };
  readonly capabilities: readonly SessionCapability[];
  readonly issuedAt_ms: number;
  readonly expiresAt_ms: number;
}

export const SESSION_TEXT_MAX = 1024;
const ID = /^[\w-]{1,64}$/;

type Plain = [
  id: string,
  revision: string,
  name: string,
  version: string,
  flags: number,
  issued: number,
  expires: number,
];

/**
 * The text of an `Mcp-Session-Id` (MCP 2025-11-25 basic/transports, session management): the session itself under
 * AES-256-GCM, so that any replica can serve it and nothing has to be stored. The principal is bound as associated
 * data and is not in the text. At most SESSION_TEXT_MAX visible ASCII characters.
 * @throws TypeError when the ring has no current key of 32 bytes or the id is malformed.
 */
export const sealSession = (keyring: SealingKeyring, session: Session): string => {
  if (!ID.test(session.id)) throw new TypeError('sealSession: a session id is 1 to 64 of A-Z a-z 0-9 _ -');
  const plain: Plain = [
    session.id,
    session.protocolVersion,
    clientText(session.client.name),
    clientText(session.client.version),
    flagsOf(session.capabilities),
    session.issuedAt_ms,
    session.expiresAt_ms,
  ];
  return sealText(keyring, contextOf(session.principal), JSON.stringify(plain));
};

/**
 * @throws CountersignError session_unknown, the same for a forged, altered, expired or foreign session: the answer
 * must not tell which. The client then sends `initialize` again.
 */
export const openSession = (
  keyring: SealingKeyring,
  text: string,
  principal: Digest,
  now_ms = Date.now(),
): Session => {
  const plain = openText(keyring, contextOf(principal), text, SESSION_TEXT_MAX);
  const session = plain === undefined ? undefined : fromPlain(JSON.parse(plain) as Plain, principal);
  if (!session || now_ms >= session.expiresAt_ms) throw new CountersignError('session_unknown');
  return session;
};

const fromPlain = (plain: Plain, principal: Digest): Session | undefined => {
  const [id, protocolVersion, name, version, flags, issuedAt_ms, expiresAt_ms] = plain;
  // A replica that no longer speaks the revision must make the client negotiate again.
  if (!isLegacyRevision(protocolVersion)) return undefined;
  const capabilities = CAPABILITIES.filter((_, bit) => (flags >> bit) & 1);
  return {
    id,
    principal,
    protocolVersion,
    client: { name, version },
    capabilities,
    issuedAt_ms,
    expiresAt_ms,
  };
};

const contextOf = (principal: Digest): string => `session\n${principal}`;

const flagsOf = (capabilities: readonly SessionCapability[]): number =>
  capabilities.reduce((flags, capability) => flags | (1 << CAPABILITIES.indexOf(capability)), 0);

/** What the `capabilities` of an initialize request come to (MCP 2025-11-25 basic/lifecycle; elicitation without a mode means forms). */
export const declaredCapabilities = (declared: JsonObject): readonly SessionCapability[] => {
  const { elicitation } = declared;
  const has: Record<SessionCapability, boolean> = {
    elicitation:
      isJsonObject(elicitation) &&
      (isJsonObject(elicitation['form']) || Object.keys(elicitation).length === 0),
    elicitation_url: isJsonObject(elicitation) && isJsonObject(elicitation['url']),
    sampling: isJsonObject(declared['sampling']),
    roots: isJsonObject(declared['roots']),
    tasks: isJsonObject(declared['tasks']),
  };
  return CAPABILITIES.filter((capability) => has[capability]);
};
