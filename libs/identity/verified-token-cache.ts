import { hash } from 'node:crypto';
import type { Caller } from './caller.js';

export interface VerifiedToken {
  readonly caller: Caller;
  /** Thumbprint of the key it is bound to; undefined for a bearer token. */
  readonly jkt: string | undefined;
  /** Generation of the issuer's keys it was verified with. */
  readonly generation: number;
}

/** Remembers verified tokens by hash: the token itself is not kept. Least recently used go first. */
export interface VerifiedTokenCache {
  key(token: string, audience: string): string;
  get(key: string): VerifiedToken | undefined;
  put(key: string, entry: VerifiedToken): void;
  delete(key: string): void;
  clear(): void;
  size(): number;
}

export const createVerifiedTokenCache = (entries_max: number): VerifiedTokenCache => {
  const entries = new Map<string, VerifiedToken>();
  return {
    // The digest has a fixed length, so no token and audience can run into each other.
    key: (token, audience) => hash('sha256', token, 'base64url') + audience,
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    put: (key, entry) => {
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size <= entries_max) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => {
      entries.delete(key);
    },
    clear: () => entries.clear(),
    size: () => entries.size,
  };
};
