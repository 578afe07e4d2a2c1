import type { FastifyRequest } from 'fastify';
import { CountersignError } from '#core/errors.js';
import type { Gateway } from '../gateway.js';

/**
 * Guards against DNS rebinding (MCP 2025-11-25 basic/transports, security warning): a browser may only come from an
 * allowed origin, and Host must be an address of ours. Clients that are not browsers send no Origin.
 * @throws CountersignError origin_refused
 */
export const checkOrigin = ({ headers }: FastifyRequest, { config, publicUrl }: Gateway): void => {
  const own = new URL(publicUrl());
  const { origin, host } = headers;
  if (origin !== undefined && origin !== own.origin && !config.http.allowed_origins.includes(origin)) {
    throw new CountersignError('origin_refused', 'Origin');
  }
  const hostname = host === undefined ? undefined : URL.parse(`http://${host}`)?.hostname;
  if (hostname === undefined || (hostname !== own.hostname && !isLoopback(hostname, own)))
    throw new CountersignError('origin_refused', 'Host');
};

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** On one machine people write any of the loopback names; nobody can rebind those elsewhere. */
const isLoopback = (hostname: string, own: URL): boolean =>
  LOOPBACK.includes(own.hostname) && LOOPBACK.includes(hostname);

/** @throws CountersignError media_type_refused */
export const checkMediaType = ({ headers }: FastifyRequest): void => {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json')
    throw new CountersignError('media_type_refused', 'Content-Type');
  // A compressed body could unpack to anything; the limit is on what is sent.
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new CountersignError('media_type_refused', 'Content-Encoding');
  }
  const accept = headers.accept ?? '*/*';
  if (!accept.includes('application/json') && !accept.includes('*/*'))
    throw new CountersignError('media_type_refused', 'Accept');
};
