import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode } from '#core/errors.js';
import { problemOf } from '#http/problem.js';
import { recordRefusal } from '#http/record-refusal.js';
import { WELL_KNOWN } from '#identity/protected-resource.js';
import { errorFrame } from '#mcp/frame-write.js';
import type { Gateway } from '../gateway.js';
import { answerRefusal } from './answer-refusal.js';
import { handlePost } from './handle-post.js';
import { handleDelete } from './legacy/handle-delete.js';
import { handleGet } from './legacy/handle-get.js';
import type { Post } from './mcp-request.js';

type WithServer = { Params: { server?: string } };

/** MCP endpoints straight on Fastify: raw bytes in, raw bytes out, no body parser in between. */
export const mcpRoutes = (fastify: FastifyInstance, gateway: () => Gateway): void => {
  void fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.setErrorHandler((error, _request, reply) => refuseUnread(gateway(), reply, error));
    const limits = { bodyLimit: gateway().config.limits.request_bytes_max };
    const on =
      (handle: (gateway: Gateway, post: Post) => Promise<void>) =>
      async (request: FastifyRequest<WithServer>, reply: FastifyReply) => {
        await handle(gateway(), { request, reply, server: request.params.server });
        return reply;
      };
    for (const url of ['/mcp', '/mcp/:server']) {
      scope.post<WithServer>(url, limits, on(handlePost));
      scope.get<WithServer>(url, on(orRefuse(handleGet)));
      scope.delete<WithServer>(url, on(orRefuse(handleDelete)));
    }
    for (const url of ['/mcp', '/mcp/:server']) {
      scope.get<WithServer>(WELL_KNOWN + url, (request, reply) =>
        metadata(gateway(), request.params.server, reply),
      );
    }
  });
};

const orRefuse =
  (handle: (gateway: Gateway, post: Post) => Promise<void>) =>
  (gateway: Gateway, post: Post): Promise<void> =>
    handle(gateway, post).catch((error: unknown) =>
      answerRefusal(gateway, post, { method: post.request.method }, error),
    );

const UNREAD: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_refused',
};

/** Bodies that Fastify itself refuses to read: too large, cut short, wrong length, of no media type. */
const refuseUnread = async (gateway: Gateway, reply: FastifyReply, error: unknown): Promise<FastifyReply> => {
  const code = UNREAD[String((error as { code?: unknown }).code)] ?? 'json_malformed';
  await recordRefusal(gateway.bus, gateway.instance, { code, where: 'mcp', about: {} }).catch(
    () => undefined,
  );
  return reply
    .code(ERRORS[code].http)
    .header('content-type', 'application/json')
    .send(errorFrame(null, code));
};

const metadata = (gateway: Gateway, server: string | undefined, reply: FastifyReply): FastifyReply => {
  if (server !== undefined && !gateway.catalog.has(server)) {
    return reply
      .code(404)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify(problemOf('not_found')));
  }
  return reply.send(gateway.resourceServer.metadata(gateway.resourceServer.mcp(server)));
};
