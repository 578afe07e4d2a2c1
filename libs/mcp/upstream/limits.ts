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
  /** How long server/discover, or the first event of an old server, may take before the next way is tried. */
  readonly probe_ms: number;
  /** Lists with a shorter time to live are not fetched more often than this. */
  readonly list_ttl_min_ms: number;
  /** Between looks at a list of a modern server that gives no time to live and does not tell of changes. */
  readonly list_poll_ms: number;
  /** Failures in a row after which nothing is sent for a while. */
  readonly breaker_failures: number;
  /** The first such pause; each further one is twice as long. */
  readonly breaker_first_ms: number;
  readonly breaker_max_ms: number;
  /** Callers with a session of their own at one server; more are refused while all of them are at work. */
  readonly caller_links_max: number;
  /** A caller's own session is ended so long after its last request. */
  readonly caller_idle_ms: number;
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
  probe_ms: 5_000,
  list_ttl_min_ms: 5_000,
  list_poll_ms: 60_000,
  breaker_failures: 5,
  breaker_first_ms: 1_000,
  breaker_max_ms: 60_000,
  caller_links_max: 256,
  caller_idle_ms: 300_000,
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
