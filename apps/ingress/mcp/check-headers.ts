import type { FastifyRequest } from 'fastify';
import { CountersignError } from '#core/errors.js';
import type { Gateway } from '../gateway.js';

/** Guards against DNS rebinding, and refuses WebSockets. @throws CountersignError origin_refused, upgrade_refused */
export const checkOrigin = ({ raw }: FastifyRequest, gateway: Gateway): void => gateway.checkOrigin(raw);

/** @throws CountersignError media_type_refused */
export const checkMediaType = ({ headers }: FastifyRequest): void => {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';');
  // A reader that believes in another charset would read another text than we do (RFC 8259 section 8.1).
  if (type.trim().toLowerCase() !== 'application/json' || !parameters.every(isHarmless))
    throw new CountersignError('media_type_refused', 'Content-Type');
  // A compressed body could unpack to anything; the limit is on what is sent.
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new CountersignError('media_type_refused', 'Content-Encoding');
  }
  const accept = headers.accept ?? '*/*';
  if (!accept.includes('application/json') && !accept.includes('*/*'))
    throw new CountersignError('media_type_refused', 'Accept');
};

const isHarmless = (parameter: string): boolean =>
  !/^\s*charset/i.test(parameter) || /^\s*charset=(?:utf-8|"utf-8")\s*$/i.test(parameter);
