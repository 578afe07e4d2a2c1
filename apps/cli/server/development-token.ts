import { requestDevToken } from '#identity/dev-token-request.js';
import { InputError } from '../command.js';
import { discover } from './discover.js';

export interface TokenOrder {
  readonly server: string;
  readonly user: string;
  readonly ttl_s: number;
}

/**
 * One token of the development issuer for everything the deployment at `server` has: its REST edges and each MCP
 * endpoint. @throws InputError
 */
export const developmentToken = async ({ server, user, ttl_s }: TokenOrder): Promise<string> => {
  const { resource, issuer } = await discover(server);
  const { demoResources } = await import('../../standalone/demo.js');
  try {
    return await requestDevToken({ issuer, user, ttl_s, resources: demoResources(resource) });
  } catch (error) {
    throw new InputError(
      `${(error as Error).message}. Tokens come from the development issuer only; else set COUNTERSIGN_TOKEN.`,
    );
  }
};
