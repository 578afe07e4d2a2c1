import { createServer } from 'node:http';
import { requestDevToken } from '#identity/dev-token-request.js';
import { createDevIssuer, type DevIssuer } from '../../../apps/dev-issuer/dev-issuer.js';
import { freePort } from './free-port.js';
import type { Stage } from './stage.js';

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

/** An issuer of the test's own, which can rotate its keys and be away. */
export interface OwnIssuer extends Issuer {
  /** New tokens are signed with a new key, and only that key is published. */
  rotateKey(): Promise<void>;
  /** While away, connections are closed without an answer. */
  setAway(away: boolean): void;
}

/** Tokens of an issuer that runs somewhere. */
export const issuerAt = (url: string, resources: readonly string[]): Issuer => ({
  url,
  token: (user, { ttl_s = 3_600, resources: asked = resources } = {}) =>
    requestDevToken({ issuer: url, user, ttl_s, resources: asked }),
});

export interface IssuerOptions {
  /** Base addresses; default: the origins of the resources. */
  readonly approvalPages?: readonly string[];
  /** `localhost` is another site than 127.0.0.1 to a browser. */
  readonly host?: '127.0.0.1' | 'localhost';
}

/** An oidc-provider in this process: its keys outlive every restart of the system under test. */
export const startIssuer = async (
  stage: Stage,
  resources: readonly string[],
  { approvalPages, host = '127.0.0.1' }: IssuerOptions = {},
): Promise<OwnIssuer> => {
  const port = await freePort();
  const url = `http://${host}:${port}/issuer`;
  const create = (): Promise<DevIssuer> =>
    createDevIssuer({ development: true, issuer: url, resources, ...(approvalPages && { approvalPages }) });
  let current = await create();
  let isAway = false;
  // As the gateway does: nobody sends on a connection that is just being closed, however busy the machine.
  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    if (isAway) request.socket.destroy();
    else current.handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    ...issuerAt(url, resources),
    rotateKey: async () => {
      current = await create();
    },
    setAway: (away) => {
      isAway = away;
    },
  };
};
