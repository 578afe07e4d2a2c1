import type { FastifyRequest } from 'fastify';
import { CountersignError } from '#core/errors.js';
import type { Gateway } from '../gateway.js';

/** Guards against DNS rebinding, and refuses WebSockets. @throws CountersignError origin_refused, upgrade_refused */
export const checkOrigin = ({ raw }: FastifyRequest, gateway: Gateway): void => gateway.checkOrigin(raw);

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
