import type { Frame } from '../frame.js';
import { readFrame } from '../frame.js';
import { createSseDecoder } from '../sse-read.js';
import { delay } from './delay.js';
import type { HttpEndpoint } from './http-endpoint.js';
import { resumableId } from './http-resume.js';
import { codeOf, mediaTypeOf } from './http-send.js';
import { answerLimits, ENVELOPE_BYTES, type UpstreamLimits } from './limits.js';

export interface Listener {
  readonly limits: UpstreamLimits;
  readonly signal: AbortSignal;
  onFrame(frame: Frame): void;
  onSessionGone(): void;
  /** No connection could be made. */
  onUnreachable(code: string): void;
  /** The stream is there again after a gap in which notifications may have been lost. */
  onGap(): void;
}

interface StreamEnd {
  readonly status: number;
  readonly lastEventId: string | undefined;
  readonly retry_ms: number | undefined;
  readonly events: number;
}

/**
 * Keeps the server's own stream open (MCP 2025-11-25 basic/transports, "Listening for messages"): the only way to learn
 * over HTTP that the tools have changed. A server without it answers 405 and is left in peace.
 */
export const listen = async (endpoint: HttpEndpoint, listener: Listener): Promise<void> => {
  const { limits, signal } = listener;
  let lastEventId: string | undefined;
  let wait_ms = limits.backoff_first_ms;
  for (let round = 0; !signal.aborted; round++) {
    const end = await oneStream(endpoint, listener, lastEventId, round > 0);
    if (signal.aborted) return;
    if (end.status === 404 && endpoint.sessionId !== undefined) {
      listener.onSessionGone();
      return;
    }
    if (end.status >= 400 && end.status < 500) return;
    lastEventId = resumableId(end.lastEventId);
    wait_ms = end.events > 0 ? limits.backoff_first_ms : Math.min(wait_ms * 2, limits.backoff_max_ms);
    await delay(Math.max(end.retry_ms ?? 0, wait_ms), signal);
  }
};

const oneStream = (
  endpoint: HttpEndpoint,
  { limits, signal, onFrame, onUnreachable, onGap }: Listener,
  lastEventId: string | undefined,
  again: boolean,
): Promise<StreamEnd> =>
  new Promise((resolve) => {
    let end: StreamEnd = { status: 0, lastEventId, retry_ms: undefined, events: 0 };
    const event_bytes_max = limits.message_bytes_max + ENVELOPE_BYTES;
    let sent = false;
    let isStream = false;
    const decoder = createSseDecoder({ event_bytes_max });
    const done = (): void => {
      signal.removeEventListener('abort', abort);
      resolve(end);
    };
    const abort = (): void => {
      sending.abort();
      done();
    };
    const sending = endpoint.get(lastEventId, {
      onSent() {
        sent = true;
      },
      onHead(status, headers) {
        end = { ...end, status };
        isStream = status === 200 && mediaTypeOf(headers) === 'text/event-stream';
        if (isStream && again) onGap();
      },
      // What throws here, a malformed event for example, ends the stream; it is opened again after a pause.
      onData(chunk) {
        if (!isStream) return;
        for (const event of decoder.push(chunk)) {
          const { retry_ms = end.retry_ms } = event;
          end = { ...end, lastEventId: event.lastEventId, retry_ms, events: end.events + 1 };
          if (event.data.length > 0 && event.event === 'message') {
            onFrame(readFrame(event.data, answerLimits(limits, event_bytes_max)));
          }
        }
      },
      onEnd: done,
      onFailure(error) {
        if (!sent) onUnreachable(codeOf(error));
        done();
      },
    });
    signal.addEventListener('abort', abort, { once: true });
  });
