import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import type { Json, JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { type DownstreamRevision, isDownstreamRevision } from './revisions.js';

/** Every replica holds the same ring; a key stays readable after `current` has moved on, until its sessions have expired. */
export interface SessionKeyring {
  /** Id of the key that seals. */
  readonly current: string;
  /** AES-256 keys by id (1 to 16 characters of A-Z a-z 0-9 _ -). Replace a key before it has sealed 2^32 sessions. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

// The place of a name is its bit in sealed sessions: only append.
const CAPABILITIES = ['elicitation', 'elicitation_url', 'sampling', 'roots', 'tasks'] as const;
/** What the client declared at `initialize`, as far as the gateway cares. */
export type SessionCapability = (typeof CAPABILITIES)[number];

export interface Session {
  /** Names the session in the record; not a secret. 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly id: string;
  readonly principal: Digest;
  readonly protocolVersion: DownstreamRevision;
  /** As the client says; cut to 64 characters each. Never a ground for a decision. */
  readonly client: { readonly name: string; readonly version: string };
  readonly capabilities: readonly SessionCapability[];
  readonly issuedAt_ms: number;
  readonly expiresAt_ms: number;
}

export const SESSION_TEXT_MAX = 1024;
const CLIENT_TEXT_MAX = 64;
const ID = /^[\w-]{1,64}$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const TEXT = /^v1\.([\w-]{1,16})\.([\w-]+)$/;

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
export const sealSession = (keyring: SessionKeyring, session: Session): string => {
  const key = keyring.keys.get(keyring.current);
  if (key?.length !== 32) throw new TypeError('sealSession: the current key is missing or not 32 bytes');
  if (!ID.test(session.id)) throw new TypeError('sealSession: a session id is 1 to 64 of A-Z a-z 0-9 _ -');
  const plain: Plain = [
    session.id,
    session.protocolVersion,
    bounded(session.client.name),
    bounded(session.client.version),
    flagsOf(session.capabilities),
    session.issuedAt_ms,
    session.expiresAt_ms,
  ];
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(associatedData(keyring.current, session.principal));
  const sealed = Buffer.concat([
    iv,
    cipher.update(JSON.stringify(plain), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `v1.${keyring.current}.${sealed.toString('base64url')}`;
};

/**
 * @throws CountersignError session_unknown, the same for a forged, altered, expired or foreign session: the answer
 * must not tell which. The client then sends `initialize` again.
 */
export const openSession = (
  keyring: SessionKeyring,
  text: string,
  principal: Digest,
  now_ms = Date.now(),
): Session => {
  const session = decrypt(keyring, text, principal);
  if (!session || now_ms >= session.expiresAt_ms) throw new CountersignError('session_unknown');
  return session;
};

const decrypt = (keyring: SessionKeyring, text: string, principal: Digest): Session | undefined => {
  const [, keyId = '', body = ''] = text.length <= SESSION_TEXT_MAX ? (TEXT.exec(text) ?? []) : [];
  const key = keyring.keys.get(keyId);
  const sealed = Buffer.from(body, 'base64url');
  // The decoder ignores stray bits at the end; only the one text we wrote may open.
  if (!key || sealed.length <= IV_BYTES + TAG_BYTES || sealed.toString('base64url') !== body)
    return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(keyId, principal));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const plain = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    return fromPlain(JSON.parse(plain.toString('utf8')) as Plain, principal);
  } catch {
    return undefined;
  }
};

const fromPlain = (plain: Plain, principal: Digest): Session | undefined => {
  const [id, protocolVersion, name, version, flags, issuedAt_ms, expiresAt_ms] = plain;
  // A replica that no longer speaks the revision must make the client negotiate again.
  if (!isDownstreamRevision(protocolVersion)) return undefined;
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

const associatedData = (keyId: string, principal: Digest): Uint8Array =>
  Buffer.from(`countersign session v1\n${keyId}\n${principal}`);

/** Without what JSON would escape, so that 64 characters are at most 192 bytes and no line can be forged in a log. */
const bounded = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}"\\]/gu, ' ')
    .slice(0, CLIENT_TEXT_MAX)
    .toWellFormed();

const flagsOf = (capabilities: readonly SessionCapability[]): number =>
  capabilities.reduce((flags, capability) => flags | (1 << CAPABILITIES.indexOf(capability)), 0);

/** What the `capabilities` of an initialize request come to (MCP 2025-11-25 basic/lifecycle; elicitation without a mode means forms). */
export const declaredCapabilities = (declared: JsonObject): readonly SessionCapability[] => {
  const { elicitation } = declared;
  const has: Record<SessionCapability, boolean> = {
    elicitation:
      isObject(elicitation) && (isObject(elicitation['form']) || Object.keys(elicitation).length === 0),
    elicitation_url: isObject(elicitation) && isObject(elicitation['url']),
    sampling: isObject(declared['sampling']),
    roots: isObject(declared['roots']),
    tasks: isObject(declared['tasks']),
  };
  return CAPABILITIES.filter((capability) => has[capability]);
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
