import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { DEV_CLIENT_ID } from '#identity/dev-token-request.js';
import type { DemoUser } from './demo-users.js';

/** The only scope there is: to call a resource. What a caller may do there is decided by groups and policy. */
export const RESOURCE_SCOPE = 'mcp';
export const SIGNING_ALGORITHM = 'RS256';

/** What every access token says about its user, whichever way it was got. */
export const userClaims = (user: DemoUser) => ({ preferred_username: user.name, groups: [...user.groups] });

export interface TokenToSign {
  readonly issuer: string;
  readonly key: JWK;
  readonly user: DemoUser;
  readonly ttl_s: number;
  readonly audience: readonly string[];
}

/** An RFC 9068 access token, for as many audiences as asked for (oidc-provider itself makes tokens for one only). */
export const signAccessToken = async ({
  issuer,
  key,
  user,
  ttl_s,
  audience,
}: TokenToSign): Promise<string> => {
  const now_s = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...userClaims(user), client_id: DEV_CLIENT_ID, scope: RESOURCE_SCOPE })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'at+jwt', ...(key.kid && { kid: key.kid }) })
    .setIssuer(issuer)
    .setSubject(user.name)
    .setAudience(audience.length === 1 ? (audience[0] ?? '') : [...audience])
    .setIssuedAt(now_s)
    .setExpirationTime(now_s + ttl_s)
    .setJti(randomUUID())
    .sign(await importJWK(key, SIGNING_ALGORITHM));
};
