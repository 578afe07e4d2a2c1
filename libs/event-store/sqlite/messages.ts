import type { PackedEvents } from './packed-events.js';

/** What the main thread, the writer thread and the reader thread say to each other. */

export interface WriterOptions {
  readonly file: string;
  readonly quick_check: boolean;
}

/** Many appends in one message; their events follow each other in `packed`. */
export interface AppendMessage {
  readonly kind: 'append';
  readonly seq: number;
  readonly streams: readonly string[];
  readonly expected: readonly number[];
  readonly counts: readonly number[];
  readonly packed: PackedEvents;
}

export interface PingMessage {
  readonly kind: 'ping';
  readonly seq: number;
}

export interface CloseMessage {
  readonly kind: 'close';
}

export type WriterMessage = AppendMessage | PingMessage | CloseMessage;

/** `full` and `unavailable`: known not to be durable. `unknown`: nobody knows. */
export interface Failure {
  readonly kind: 'full' | 'unavailable' | 'unknown';
  readonly message: string;
}

/**
 * One element an append, in the order of the AppendMessage. A position of -1 means that the expected revision
 * was wrong and that `revisions` holds the actual one. With `failure` every append of the message had it.
 */
export interface AppendedAnswer {
  readonly kind: 'appended';
  readonly seq: number;
  readonly revisions: readonly number[];
  readonly positions: readonly number[];
  readonly failure?: Failure;
}

export interface PingAnswer {
  readonly kind: 'pong';
  readonly seq: number;
  readonly failure?: Failure;
}

/** The database is open and `position` is its last event, 0 for none. Sent at the start and after a reopening. */
export interface HeadAnswer {
  readonly kind: 'head';
  readonly position: number;
}

export type WriterAnswer = AppendedAnswer | PingAnswer | HeadAnswer;

export interface ReadStreamQuery {
  readonly kind: 'stream';
  readonly stream: string;
  readonly backwards: boolean;
  readonly limit: number;
}

export interface ReadAllQuery {
  readonly kind: 'all';
  /** 0 = from the beginning. */
  readonly after: number;
  readonly limit: number;
  readonly types: readonly string[] | undefined;
  readonly attachments: boolean;
}

export type ReadMessage =
  | { readonly kind: 'read'; readonly seq: number; readonly query: ReadStreamQuery | ReadAllQuery }
  | CloseMessage;

export interface ReadPage {
  readonly streams: readonly string[];
  readonly revisions: readonly number[];
  readonly positions: readonly number[];
  readonly packed: PackedEvents;
  readonly scanned_to: number;
}

export type ReadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'page'; readonly seq: number; readonly page?: ReadPage; readonly failure?: Failure };
