import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';

export interface FixtureKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export const makeKey = async (kid: string, alg = 'RS256'): Promise<FixtureKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
};

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** Claims of an ordinary access token; `changes` with undefined take a claim away. */
export const claimsFor = (issuer: string, audience: string, changes: Record<string, unknown> = {}) => ({
  iss: issuer,
  aud: audience,
  sub: 'u-17',
  client_id: 'agent-1',
  preferred_username: 'risk-analyst',
  groups: ['BANK-RISK-ANALYST'],
  iat: nowSeconds(),
  exp: nowSeconds() + 300,
  ...changes,
});

export const sign = (
  key: FixtureKey,
  claims: Record<string, unknown>,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey);

/** A small OpenID provider on loopback: discovery and keys, countable and breakable. */
export const startIssuer = async (keys: readonly FixtureKey[]) => {
  const state = {
    jwks: keys.map((key) => key.jwk) as unknown[],
    /** `issuer` of the discovery document, when it should lie. */
    says: undefined as string | undefined,
    mode: 'up' as 'up' | 'error' | 'hang' | 'drip' | 'redirect' | 'endless',
    jwksRequests: 0,
  };
  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    if (request.url === '/jwks') state.jwksRequests += 1;
    if (state.mode === 'hang') return;
    if (state.mode === 'error') return void response.writeHead(500).end();
    if (state.mode === 'redirect')
      return void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    response.setHeader('content-type', 'application/json');
    if (state.mode === 'drip') {
      const timer = setInterval(() => response.write(' '), 50);
      return void response.once('close', () => clearInterval(timer));
    }
    if (state.mode === 'endless') return void response.end(`{"keys":[${'0,'.repeat(400_000)}0]}`);
    const document = { issuer: state.says ?? url, jwks_uri: `${url}/jwks` };
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: state.jwks } : document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    state,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
