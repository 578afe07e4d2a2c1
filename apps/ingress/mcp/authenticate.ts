import type { Caller } from '#identity/caller.js';
import type { Gateway } from '../gateway.js';
import type { Post } from './mcp-request.js';

/** @throws CountersignError as ResourceServer.authenticate */
export const authenticate = ({ resourceServer }: Gateway, { request, server }: Post): Promise<Caller> =>
  resourceServer.authenticate(request.raw, resourceServer.mcp(server));

/** What every request to this endpoint needs; after the caller is known, so that a refusal names them. @throws ScopeMissing */
export const requireEndpointScopes = ({ resourceServer }: Gateway, { server }: Post, caller: Caller): void =>
  resourceServer.requireScopes(caller, resourceServer.mcp(server).scopes);
