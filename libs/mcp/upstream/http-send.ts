import type { Dispatcher } from 'undici';

export interface HttpRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What throws here ends the request with `onFailure`. */
export interface HttpSink {
  /** The next thing that happens is a write to the socket. Never called when no connection could be made. */
  onSent?(): void;
  /** The server has declined for want of credentials; the request may be sent again, so `onSent` may come again. */
  onRefused?(): void;
  onHead(status: number, headers: ResponseHeaders): void;
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onFailure(error: Error): void;
}

/**
 * One HTTP request over the pool. Redirects are not followed, nothing is sent twice, and there is no time limit of its
 * own: the caller aborts.
 */
export const sendHttp = (
  pool: Pick<Dispatcher, 'dispatch'>,
  request: HttpRequest,
  sink: HttpSink,
): { abort(): void } => {
  let controller: Dispatcher.DispatchController | undefined;
  let aborted = false;
  const { method, path, headers, body } = request;
  pool.dispatch(
    { method, path, headers: { ...headers }, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart(own) {
        // Throwing here keeps the request from being written.
        if (aborted) throw new Error('aborted before it was sent');
        if (controller) throw new Error('a second send was refused');
        controller = own;
        sink.onSent?.();
      },
      onResponseStart(_, status, responseHeaders) {
        if (status >= 200) sink.onHead(status, responseHeaders);
      },
      onResponseData: (_, chunk) => sink.onData(chunk),
      onResponseEnd: () => sink.onEnd(),
      onResponseError: (_, error) => sink.onFailure(error),
    },
  );
  return {
    abort() {
      aborted = true;
      controller?.abort(new Error('aborted'));
    },
  };
};

export const headerOf = (headers: ResponseHeaders, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** `application/json; charset=utf-8` -> `application/json`. */
export const mediaTypeOf = (headers: ResponseHeaders): string =>
  (headerOf(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** A short word for an operator: an error code, never a message, which may quote what was sent. */
export const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.name;
