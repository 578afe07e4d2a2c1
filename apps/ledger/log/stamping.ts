import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { type CheckpointTimestamped, TIMESTAMPS_STREAM } from '#core/log/log.events.js';
import type { EventStore } from '#event-store/event-store.js';
import { sha256 } from '#sealing/sha256.js';
import { boundedFetch } from './bounded-fetch.js';
import { recordAtEnd } from './record-log-event.js';
import { imprintOf, timeStampRequest, tokenIn } from './rfc3161.js';
import type { SignedCheckpoint, SignedCheckpoints } from './signed-checkpoints.js';

const DEADLINE_MS = 5_000;
/** An authority that did not answer is asked again after this. */
const RETRY_AFTER_MS = 60_000;
/** Tokens carry certificate chains of a few KB. */
const TOKEN_BYTES_MAX = 64 * 1024;

export interface Authority {
  readonly url: string;
  readonly every_s: number;
}

export interface StampingOptions {
  readonly store: EventStore;
  readonly checkpoints: SignedCheckpoints;
  readonly timestamp_authority?: Authority | undefined;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Has a checkpoint stamped by an authority every so often, and when a UTC day has ended; in the background (RFC 3161). */
export class Stamping {
  private readonly clock: () => number;
  private stamped_size = 0;
  private next_at = 0;
  private under_way: Promise<void> | undefined;

  constructor(private readonly options: StampingOptions) {
    this.clock = options.clock ?? Date.now;
  }

  step(): void {
    const { timestamp_authority: authority, checkpoints } = this.options;
    const { latest } = checkpoints;
    if (authority === undefined || latest === undefined || this.under_way !== undefined) return;
    if (this.clock() < this.next_at || latest.size === this.stamped_size) return;
    this.next_at = nextStamp(this.clock(), authority.every_s);
    this.under_way = this.stamp(authority, latest)
      .catch((error: unknown) => {
        this.next_at = this.clock() + RETRY_AFTER_MS;
        this.options.logger.warn(
          { authority: authority.url, why: (error as Error).message },
          'no time stamp',
        );
      })
      .finally(() => {
        this.under_way = undefined;
      });
  }

  async close(): Promise<void> {
    await this.under_way;
  }

  private async stamp({ url }: Authority, { size, root }: SignedCheckpoint): Promise<void> {
    const { checkpoints, store } = this.options;
    const imprint = imprintOf(Buffer.from(checkpoints.text({ size, root })));
    const nonce = randomBytes(8);
    const { status, bytes } = await boundedFetch(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/timestamp-query' },
        body: new Uint8Array(timeStampRequest(imprint, nonce)),
      },
      { deadline_ms: DEADLINE_MS, bytes_max: TOKEN_BYTES_MAX },
    );
    if (status !== 200) throw new Error(`it answers ${status}`);
    const token = tokenIn(bytes, imprint, nonce);
    const event: CheckpointTimestamped = {
      type: 'CheckpointTimestamped',
      v: 1,
      data: {
        size,
        root: Buffer.from(root).toString('base64'),
        authority: url,
        imprint: imprint.toString('hex'),
      },
      payload: { commit: sha256(token), bytes: token.length },
    };
    await recordAtEnd(store, TIMESTAMPS_STREAM, event, token);
    this.stamped_size = size;
  }
}

const DAY_MS = 86_400_000;

/** After `every_s`, or at the end of the UTC day if that is earlier. */
export const nextStamp = (now: number, every_s: number): number =>
  Math.min(now + every_s * 1_000, Math.floor(now / DAY_MS + 1) * DAY_MS);
