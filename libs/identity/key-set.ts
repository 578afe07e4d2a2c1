import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwksClient } from 'jwks-rsa';
import { isRecord, isStringList } from './claims.js';
import { fetchJson } from './fetch-json.js';

export interface SigningKey {
  readonly kid: string;
  /** As the key set names it; undefined when the key may serve any algorithm of its type. */
  readonly alg: string | undefined;
  readonly key: KeyObject;
  /** What the issuer lets this key speak for (Bot Framework: channels); undefined when the key set does not say. */
  readonly endorsements?: readonly string[];
}

const RSA_MODULUS_BITS_MIN = 2048;

const isStrongEnough = (key: KeyObject): boolean =>
  key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_MODULUS_BITS_MIN;

/** RFC 8414 section 3.3: the document must name the very issuer that was asked for, else it speaks for somebody else. */
const jwksUri = (document: unknown, issuer: string, discovery_url: string): string => {
  if (!isRecord(document) || document['issuer'] !== issuer || typeof document['jwks_uri'] !== 'string') {
    throw new Error('the discovery document is not that of the issuer');
  }
  const url = URL.parse(document['jwks_uri']);
  const encrypted = url?.protocol === 'https:';
  if (!encrypted && !(url?.protocol === 'http:' && discovery_url.startsWith('http:'))) {
    throw new Error('the key set must be served over https');
  }
  return document['jwks_uri'];
};

/** @throws Error when the document cannot be had or is not the issuer's. */
export const discoverKeySet = async (
  issuer: string,
  discovery_url: string,
  signal: AbortSignal,
): Promise<string> => jwksUri(await fetchJson(discovery_url, signal), issuer, discovery_url);

/**
 * Loads the signing keys at `jwks_uri`; jwks-rsa picks and imports them. Its own cache and rate limit are per key id and
 * per minute, so that a stranger's tokens with made-up key ids could use up the limit that a rotation needs; the caller
 * (issuer-keys.ts) keeps the set as a whole instead.
 * @throws Error when there is no usable key
 */
export const loadKeySet = async (jwks_uri: string, signal: AbortSignal): Promise<readonly SigningKey[]> => {
  const endorsed = new Map<unknown, readonly string[]>();
  const client = new JwksClient({
    jwksUri: jwks_uri,
    cache: false,
    rateLimit: false,
    fetcher: async (uri) => {
      const document = await fetchJson(uri, signal);
      if (!isRecord(document) || !Array.isArray(document['keys'])) throw new Error('not a JWK set');
      const found = document['keys'].filter(isRecord);
      for (const { kid, endorsements } of found)
        if (isStringList(endorsements)) endorsed.set(kid, endorsements);
      return { keys: found };
    },
  });
  const keys: SigningKey[] = [];
  for (const found of await client.getSigningKeys()) {
    // A key without an id cannot be named by a token; the types of jwks-rsa promise ids that are not always there.
    const { kid, alg }: { kid?: string; alg?: string } = found;
    const key = createPublicKey(found.getPublicKey());
    const endorsements = endorsed.get(kid);
    if (kid !== undefined && isStrongEnough(key))
      keys.push({ kid, alg, key, ...(endorsements && { endorsements }) });
  }
  if (keys.length === 0) throw new Error('the key set holds no usable signing key');
  return keys;
};

const KEY_TYPE: Readonly<Record<string, string>> = { RS: 'rsa', PS: 'rsa', ES: 'ec' };

/** The key a token names, if it may serve the token's algorithm. Comparison only: a key id is never a path or a URL. */
export const findKey = (keys: readonly SigningKey[], kid: string, alg: string): SigningKey | undefined =>
  keys.find(
    (key) =>
      key.kid === kid &&
      (key.alg === undefined || key.alg === alg) &&
      key.key.asymmetricKeyType === KEY_TYPE[alg.slice(0, 2)],
  );

/** Equal texts: the same keys, in whatever order the issuer lists them. */
export const keySetFingerprint = (keys: readonly SigningKey[]): string =>
  keys
    .map(({ kid, alg, key, endorsements }) =>
      JSON.stringify([
        kid,
        alg,
        key.export({ format: 'der', type: 'spki' }).toString('base64'),
        endorsements ?? null,
      ]),
    )
    .sort()
    .join('\n');
