export type UnknownReason = 'timeout' | 'cancelled' | 'connection_lost' | 'invalid_answer' | 'http_status';

/**
 * The call may have reached the upstream and nobody can know whether it was carried out: it is never sent again by
 * itself. Everything known NOT to have been carried out is a CountersignError upstream_unavailable instead.
 */
export class UpstreamOutcomeUnknown extends Error {
  override readonly name = 'UpstreamOutcomeUnknown';
  constructor(
    readonly reason: UnknownReason,
    /** For operators; never text that an upstream wrote. */
    readonly detail?: string,
  ) {
    super(detail ? `${reason}: ${detail}` : reason);
  }
}
