import type { JsonLimits } from '../strict-json.js';

export interface UpstreamLimits {
  /** Starting, connecting and `initialize` together. */
  readonly connect_ms: number;
  /** How long a call waits for a connection that is being made; nothing is sent in that time. */
  readonly connect_wait_ms: number;
  /** One page of a list, one ping, one subscription. */
  readonly request_ms: number;
  /** Any single message that is not the answer of a call (calls bring their own limit). */
  readonly message_bytes_max: number;
  readonly members_max: number;
  /** Calls under way; more are refused, never queued. Over HTTP each has a connection of its own. */
  readonly calls_max: number;
  /** Items of one list. */
  readonly items_max: number;
  readonly backoff_first_ms: number;
  readonly backoff_max_ms: number;
  /** From closing stdin to SIGTERM, and from there to SIGKILL. */
  readonly exit_ms: number;
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  connect_ms: 30_000,
  connect_wait_ms: 2_000,
  request_ms: 15_000,
  message_bytes_max: 16 * 1024 * 1024,
  members_max: 1_000_000,
  calls_max: 256,
  items_max: 2_000,
  backoff_first_ms: 250,
  backoff_max_ms: 30_000,
  exit_ms: 1_000,
};

/** Room for the JSON-RPC members around a result. */
export const ENVELOPE_BYTES = 4 * 1024;

/** Answers are passed on byte for byte, so numbers may have any precision. */
export const answerLimits = (limits: UpstreamLimits, bytes_max: number): JsonLimits => ({
  bytes_max,
  depth_max: 64,
  members_max: limits.members_max,
  verbatim: true,
});
