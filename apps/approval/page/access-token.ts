import { createHash, randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { CountersignError } from '#core/errors.js';
import type { Caller } from '#identity/caller.js';
import type { ResourceServer } from '#identity/resource-server.js';

/** The algorithm of our keys; every issuer that knows RFC 9449 has it. */
export const KEY_ALGORITHM = 'ES256';

/** A person's access token, as the issuer gave it to the page. */
export interface AccessToken {
  readonly token: string;
  /** The private key that it is bound to (RFC 9449); without one it is a bearer token. */
  readonly key?: JWK | undefined;
}

/** What the page asks for, said as a request would say it. */
const METHOD = 'GET';
const PATH = '/';

/**
 * Who somebody is: the very verification of a request to the REST edge that brings its token itself, and for a bound token a
 * proof, with the nonce that the edge may ask for.
 * @throws CountersignError as `authenticate` and `requireScopes` of the resource server
 */
export const callerOf = async (resourceServer: ResourceServer, held: AccessToken): Promise<Caller> => {
  const resource = resourceServer.rest();
  const authenticate = async (nonce?: string): Promise<Caller> => {
    const rawHeaders =
      held.key === undefined
        ? ['authorization', `Bearer ${held.token}`]
        : [
            ...['authorization', `DPoP ${held.token}`],
            ...['dpop', await proofOf(held.token, held.key, resource.uri + PATH, nonce)],
          ];
    return resourceServer.authenticate({ method: METHOD, url: PATH, rawHeaders }, resource);
  };
  const caller = await authenticate().catch((error: unknown) => {
    const nonce =
      error instanceof CountersignError && resourceServer.challenge(error, resource)['dpop-nonce'];
    if (typeof nonce !== 'string') throw error;
    return authenticate(nonce);
  });
  resourceServer.requireScopes(caller, resource.scopes);
  return caller;
};

/** A proof of possession for one look (RFC 9449 section 4.2). */
const proofOf = async (token: string, key: JWK, htu: string, nonce: string | undefined): Promise<string> => {
  const { kty, crv, x, y } = key;
  return new SignJWT({
    ...{ jti: randomUUID(), htm: METHOD, htu },
    ath: createHash('sha256').update(token).digest('base64url'),
    ...(nonce !== undefined && { nonce }),
  })
    .setProtectedHeader({ alg: KEY_ALGORITHM, typ: 'dpop+jwt', jwk: { kty, crv, x, y } as JWK })
    .setIssuedAt()
    .sign(await importJWK(key, KEY_ALGORITHM));
};
