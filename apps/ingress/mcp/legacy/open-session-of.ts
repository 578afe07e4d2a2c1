import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import type { Caller } from '#identity/caller.js';
import { isModernRevision } from '#mcp/revisions.js';
import type { Session } from '#mcp/session.js';
import type { Gateway } from '../../gateway.js';
import { authenticate, requireEndpointScopes } from '../authenticate.js';
import { checkOrigin } from '../check-headers.js';
import type { Post } from '../mcp-request.js';
import { ownerOf, sessionOf } from './session-of.js';

export interface Opened {
  readonly caller: Caller;
  readonly owner: Digest;
  readonly session: Session;
}

/**
 * For GET and DELETE, which only legacy sessions have.
 * @throws CountersignError as authenticating does; session_unknown, method_refused for a modern client
 */
export const openSessionOf = async (gateway: Gateway, post: Post): Promise<Opened> => {
  const { request, server } = post;
  checkOrigin(request, gateway);
  const caller = await authenticate(gateway, post);
  requireEndpointScopes(gateway, post, caller);
  if (server !== undefined) gateway.catalog.server(server);
  if (isModernRevision(request.headers['mcp-protocol-version'])) throw new CountersignError('method_refused');
  const session = await sessionOf(gateway, caller, request.headers['mcp-session-id']);
  if (session === undefined) throw new CountersignError('session_missing');
  return { caller, owner: ownerOf(caller), session };
};
