import { DeliveryError } from './channel.js';

const RETRY_AFTER = /^\d{1,6}$/;

/** No answer came. */
export const unreachable = (error: unknown): DeliveryError => {
  const { cause, name } = error as { readonly cause?: { readonly code?: unknown }; readonly name?: string };
  if (name === 'TimeoutError' || name === 'AbortError') return new DeliveryError('timeout');
  return new DeliveryError(typeof cause?.code === 'string' ? cause.code : 'unreachable');
};

/** An answer that is not 2xx; tried again, and not before the receiver says, unless it is final. */
export const refusedBy = ({ status, headers }: Response, final: boolean): DeliveryError => {
  const retryAfter = headers.get('retry-after') ?? '';
  return new DeliveryError(`http_${status}`, {
    final,
    ...(RETRY_AFTER.test(retryAfter) && { retryAfter_ms: Number(retryAfter) * 1_000 }),
  });
};
