import { bearerToken } from '#identity/bearer-token.js';
import type { Caller } from '#identity/caller.js';
import type { Gateway } from '../gateway.js';
import type { Post } from './mcp-request.js';

/** The RFC 8707 resource of an endpoint: each server's endpoint is one of its own. */
export const resourceOf = (gateway: Gateway, server: string | undefined): string =>
  `${gateway.publicUrl()}/mcp${server === undefined ? '' : `/${server}`}`;

/** @throws CountersignError token_missing, token_invalid, token_expired, identity_unavailable */
export const authenticate = (gateway: Gateway, { request, server }: Post): Promise<Caller> =>
  gateway.verifier.verify(bearerToken(request.headers.authorization), resourceOf(gateway, server));
