import { CountersignError, ERRORS } from '#core/errors.js';
import { errorFrame } from '#mcp/frame-write.js';
import { refusalsTotal } from '#telemetry/metrics.js';
import type { Gateway } from '../gateway.js';
import type { Known, Post } from './mcp-request.js';
import { recorded } from './recorded.js';
import { RefusalWithData } from './refusal.js';

/** Answers a request that ended before it became a call, and sees to it that this is on record. */
export const answerRefusal = async (
  gateway: Gateway,
  { reply, server }: Post,
  known: Known,
  error: unknown,
): Promise<void> => {
  const where = server === undefined ? 'mcp' : `mcp/${gateway.catalog.has(server) ? server : 'unknown'}`;
  const refusal = await recorded(gateway, { where, caller: known.caller, method: known.method }, error);
  refusalsTotal.inc({ code: refusal.code });
  if (reply.sent || reply.raw.headersSent || reply.raw.destroyed) return;
  const http = statusOf(refusal, known);
  void reply.headers(gateway.resourceServer.challenge(refusal, gateway.resourceServer.mcp(server)));
  if (http === 405) void reply.header('allow', 'POST');
  const data = error instanceof RefusalWithData ? error.data : undefined;
  await reply
    .code(http)
    .header('content-type', 'application/json')
    .send(errorFrame(known.id ?? null, refusal.code, refusal.detail, data));
};

/**
 * To a legacy client 404 says that its session is gone (MCP 2025-11-25 basic/transports), so an unknown method is an
 * ordinary answer there; 2026-07-28 wants 404 for it.
 */
const statusOf = ({ code }: CountersignError, { client }: Known): number => {
  if (code === 'method_unknown') return client?.era === 'modern' ? 404 : 200;
  return ERRORS[code].http;
};
