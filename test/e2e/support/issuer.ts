import { createServer } from 'node:http';
import { requestDevToken } from '#identity/dev-token-request.js';
import { createDevIssuer, type DevIssuer } from '../../../apps/dev-issuer/dev-issuer.js';
import type { Stage } from './stage.js';
import { freePort } from './free-port.js';

export interface Issuer {
  readonly url: string;
  /** From its token endpoint, over HTTP. */
  token(user: string, options?: TokenOptions): Promise<string>;
}

export interface TokenOptions {
  readonly ttl_s?: number;
  /** Default: everything the issuer knows. */
  readonly resources?: readonly string[];
}

/** Tokens of an issuer that runs somewhere. */
export const issuerAt = (url: string, resources: readonly string[]): Issuer => ({
  url,
  token: (user, { ttl_s = 3_600, resources: asked = resources } = {}) =>
    requestDevToken({ issuer: url, user, ttl_s, resources: asked }),
});

/** An oidc-provider in this process: its keys outlive every restart of the system under test. */
export const startIssuer = async (stage: Stage, resources: readonly string[]): Promise<Issuer> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/issuer`;
  const { handler }: DevIssuer = await createDevIssuer({ development: true, issuer: url, resources });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return issuerAt(url, resources);
};
