import type { Config, UpstreamConfig } from '#config/config.schema.js';
import { readSecret } from '#config/load-config.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { sha256 } from '#sealing/sha256.js';

/** Names of the servers that a new configuration adds, changes, removes and keeps. */
export interface ServersChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** A server's settings with the values of its secrets, as a hash: for comparing within this process only. */
export const fingerprintOf = (upstream: UpstreamConfig): Digest =>
  sha256(canonicalJson(withSecrets(upstream as unknown as Json)));

/** @param known fingerprints of the servers now @throws ConfigError when a secret is not there */
export const changeOf = (
  known: ReadonlyMap<string, Digest>,
  upstreams: readonly UpstreamConfig[],
): ServersChange => {
  const now = new Map(upstreams.map((upstream) => [upstream.name, fingerprintOf(upstream)]));
  const names = [...now.keys()];
  return {
    added: names.filter((name) => !known.has(name)),
    changed: names.filter((name) => known.has(name) && known.get(name) !== now.get(name)),
    removed: [...known.keys()].filter((name) => !now.has(name)),
    kept: names.filter((name) => known.get(name) === now.get(name)),
  };
};

/** Settings outside `upstreams` that differ; they take effect at the next start. */
export const settingsForRestart = (before: Config, after: Config): readonly string[] =>
  (Object.keys(after) as (keyof Config)[]).filter(
    (name) => name !== 'upstreams' && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );

/** Of the section as it is written: it names secrets, and holds none. */
export const upstreamsDigest = (upstreams: readonly UpstreamConfig[]): Digest =>
  sha256(canonicalJson(written(upstreams as unknown as Json)));

const withSecrets = (value: Json): Json => {
  if (isReference(value)) return { secret: readSecret(value) };
  return mapped(value, withSecrets);
};

const written = (value: Json): Json => mapped(value, written);

/** Members that are not set are left out. */
const mapped = (value: Json, each: (value: Json) => Json): Json => {
  if (Array.isArray(value)) return value.map(each);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, each(member)]),
  );
};

type Reference = { readonly env: string } | { readonly file: string };

const isReference = (value: Json): value is Reference => {
  if (typeof value !== 'object' || value === null) return false;
  const [name, ...others] = Object.keys(value);
  const text = Object.values(value)[0];
  return others.length === 0 && (name === 'env' || name === 'file') && typeof text === 'string';
};
