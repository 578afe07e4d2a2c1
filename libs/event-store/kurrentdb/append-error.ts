import { StoreUnavailable, UnknownOutcome, WrongRevision } from '../event-store.js';

/**
 * What a failed append means. The rule: only what is known not to be written is StoreUnavailable; everything
 * that is not understood is UnknownOutcome.
 * `alone`: no other append was under way. Many appends share one gRPC call, and a status of the call is given
 * to all of them, though some may have been written before it ended.
 */
export const appendError = (error: unknown, stream: string, expected: number, alone: boolean): Error => {
  const message = error instanceof Error ? error.message : String(error);
  const type = typeOf(error);
  switch (type) {
    case 'wrong-expected-version':
      return new WrongRevision(stream, expected, actualOf(error));
    case 'maximum-append-size-exceeded':
      return new RangeError(
        `append: ${message} (the server's MaxAppendSize is below what this store allows)`,
      );
    case 'access-denied':
      return new StoreUnavailable(`no permission to append to ${stream}`);
    case 'stream-deleted':
    case 'stream-tombstoned':
      return new StoreUnavailable(`stream ${stream} was deleted on the server`);
    case 'not-leader':
      if (alone) return new StoreUnavailable(message);
      break;
  }
  if (wasNeverSent(message)) return new StoreUnavailable(message);
  if (wasRefusedUnread(message)) return new StoreUnavailable(message);
  return new UnknownOutcome(`append to ${stream}: ${type ?? 'error'}: ${message}`);
};

/** Any failure of a read: nothing depends on it but the answer. */
export const readError = (error: unknown): StoreUnavailable =>
  error instanceof StoreUnavailable
    ? error
    : new StoreUnavailable(
        `read: ${typeOf(error) ?? 'error'}: ${error instanceof Error ? error.message : error}`,
      );

/** Another connection would give the same answer. */
export const isAboutTheRead = (error: unknown): boolean =>
  /^(stream-not-found|stream-deleted|access-denied)$/.test(typeOf(error) ?? '');

/** An error of the client or of gRPC, and not one of ours. */
export const isOfConnection = (error: unknown): boolean =>
  typeOf(error) !== undefined || (error instanceof Error && 'code' in error);

export const isStreamNotFound = (error: unknown): boolean => typeOf(error) === 'stream-not-found';

/** The kind the client gives its errors; compared as text, so that this file needs no part of the client. */
const typeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : undefined;

/** gRPC says these when a call ends before it was given a connection. */
const wasNeverSent = (message: string): boolean =>
  /No connection established|Name resolution failed|Failed to discover|Channel closed before call started/.test(
    message,
  );

/** The answers of a server that hands an append back without looking at it; they concern one append each. */
const wasRefusedUnread = (message: string): boolean =>
  /Server Is Not Ready|Server Is (Too )?Busy|No leader info available/.test(message);

const actualOf = (error: unknown): number => {
  const actual = error instanceof Error && 'actualState' in error ? error.actualState : undefined;
  return typeof actual === 'bigint' ? Number(actual) : -1;
};
