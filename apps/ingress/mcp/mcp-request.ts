import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Digest } from '#core/hash.js';
import type { Caller } from '#identity/caller.js';
import type { RequestFrame, RequestId } from '#mcp/frame.js';
import type { Client } from './client.js';

/** One POST to an MCP endpoint; `server` is undefined at the united endpoint. */
export interface Post {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly server: string | undefined;
}

/** A request of an authenticated caller whose frame and era are known. */
export interface McpRequest {
  readonly post: Post;
  readonly caller: Caller;
  /** Person and client: what handles and sessions are bound to. */
  readonly owner: Digest;
  readonly client: Client;
  readonly frame: RequestFrame;
  /** "mcp" or "mcp/<server>". */
  readonly endpoint: string;
}

/** What is known so far; a refusal records it. */
export interface Known {
  caller?: Caller;
  client?: Client;
  id?: RequestId;
  method?: string;
}
