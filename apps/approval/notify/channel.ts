import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { NoticeKind } from '#core/notice/notice.events.js';
import type { ApprovalView } from '../approval-view.js';

export interface Notice {
  /** The same at every attempt, so that a receiver can drop what it has already. Letters, digits, `-` and `_`. */
  readonly id: string;
  readonly approvalId: string;
  readonly kind: NoticeKind;
  /** The approval as it is now, not as it was when the event happened. */
  readonly item: ApprovalView;
  /** The page where a person decides, and nothing but a link: it authenticates nobody. */
  readonly url: string;
  /** Whose votes count now, or who must look at it afterwards. */
  readonly roles: readonly string[];
}

/** What the outbox asks a channel before it opens or records anything. */
export type Announcement = Pick<Notice, 'kind' | 'roles'>;

export interface Sent {
  /** Recorded in clear and for ever: opaque ids to change the message later, at most 2 KiB, nothing about people. */
  readonly reference: JsonObject;
}

/** A way to tell people that an approval waits, and what became of it. */
export interface Channel {
  /** Unique, and never given to another channel: what is on record of a channel is under its name. */
  readonly name: string;
  /** Whether `item.arguments` are wanted; null otherwise, and never opened. */
  readonly showsArguments: boolean;
  takes(announcement: Announcement): boolean;
  /**
   * Tells it, or changes what was told before: `previous` is what the channel answered last for this approval. Asked at least
   * once, one at a time for each approval and in the order of its events; a crash may ask again for what has arrived. Ends
   * soon after `signal` says so.
   * @throws DeliveryError; anything else is tried again, too
   */
  deliver(notice: Notice, previous: Sent | undefined, signal: AbortSignal): Promise<Sent>;
  close?(): Promise<void>;
}

/** What was not delivered. `reason` is recorded: a code of the protocol, nothing about people. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  constructor(
    readonly reason: string,
    /** Final: it is given up, because trying again cannot help. */
    readonly options: { readonly final?: boolean; readonly retryAfter_ms?: number } = {},
  ) {
    super(reason);
  }
}

/** All configured channels. */
export const CHANNELS = Symbol('CHANNELS');
