import { CountersignError } from '#core/errors.js';
import { type HttpSink, headerOf, type ResponseHeaders } from './http-send.js';
import type { UpstreamAuth, UpstreamCaller } from './upstream-auth.types.js';

/** How often one request may be sent again with other credentials. */
export const AUTH_RETRIES_MAX = 3;
/** What a refusal may carry before its connection is given up. */
const REFUSAL_BYTES_MAX = 64 * 1024;

type Headers = Readonly<Record<string, string>>;
type Send = (credentials: Headers, sink: HttpSink) => { abort(): void };

/**
 * Sends a request with credentials. After 401 or 403, which say that nothing was carried out, the same request goes
 * once more when there may be better ones, at most `AUTH_RETRIES_MAX` times.
 */
export const sendAuthorized = (
  auth: UpstreamAuth | undefined,
  caller: UpstreamCaller | undefined,
  send: Send,
  sink: HttpSink,
): { abort(): void } => {
  if (!auth) return send({}, sink);
  let sending: { abort(): void } | undefined;
  let aborted = false;
  const attempt = async (retriesLeft: number): Promise<void> => {
    let credentials: Headers;
    try {
      credentials = await auth.headers(caller);
      if (aborted) throw new Error('aborted before it was sent');
    } catch (error) {
      sink.onFailure(asError(error));
      return;
    }
    sending = send(
      credentials,
      retriesLeft > 0 ? withoutChallenge(sink, onChallenge(retriesLeft), () => sending?.abort()) : sink,
    );
  };
  const onChallenge = (retriesLeft: number) => async (status: number, headers: ResponseHeaders) => {
    sink.onRefused?.();
    let again: boolean;
    try {
      again = await auth.challenged(status, headerOf(headers, 'www-authenticate'), caller);
    } catch (error) {
      sink.onFailure(asError(error));
      return;
    }
    if (again && !aborted) await attempt(retriesLeft - 1);
    else {
      sink.onHead(status, headers);
      sink.onEnd();
    }
  };
  void attempt(AUTH_RETRIES_MAX);
  return {
    abort() {
      aborted = true;
      sending?.abort();
    },
  };
};

/** Keeps a 401 or 403 from the sink; `onChallenge` is told once its body is through. */
const withoutChallenge = (
  sink: HttpSink,
  onChallenge: (status: number, headers: ResponseHeaders) => Promise<void>,
  cut: () => void,
): HttpSink => {
  let challenge: { status: number; headers: ResponseHeaders } | undefined;
  let bytes = 0;
  const done = (): void => {
    if (challenge) void onChallenge(challenge.status, challenge.headers);
    challenge = undefined;
  };
  return {
    onSent: () => sink.onSent?.(),
    onHead(status, headers) {
      if (status === 401 || status === 403) challenge = { status, headers };
      else sink.onHead(status, headers);
    },
    onData(chunk) {
      if (!challenge) sink.onData(chunk);
      else {
        bytes += chunk.length;
        if (bytes > REFUSAL_BYTES_MAX) cut();
      }
    },
    onEnd: () => (challenge ? done() : sink.onEnd()),
    onFailure: (error) => (challenge ? done() : sink.onFailure(error)),
  };
};

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new CountersignError('upstream_unavailable', 'no credential');
