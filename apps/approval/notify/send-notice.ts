import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream } from '#bus/decide-on-stream.js';
import type { Listed } from '#core/approval/listed.js';
import { CountersignError } from '#core/errors.js';
import {
  type Announced,
  type Attempted,
  decideFailed,
  decideIntent,
  decideSent,
  type Failure,
  nextNotice,
  notBefore,
} from '#core/notice/decide-notice.js';
import { type NoticeEvent, type NoticeIntended, noticeStream } from '#core/notice/notice.events.js';
import { evolveNotice, NOTHING_TOLD, type NoticeState } from '#core/notice/notice.state.js';
import { LOGGER } from '#http/platform.module.js';
import { noticesTotal } from '#telemetry/notice-metrics.js';
import { approvalView } from '../approval-view.js';
import { APPROVAL_SERVICE, Approvals } from '../approvals.js';
import { approvalPageUrl, PAGE_URL } from '../page/page-address.js';
import { ShownArguments } from '../shown-arguments.js';
import { type Channel, DeliveryError, type Notice, type Sent } from './channel.js';
import type { Worked } from './channel-queue.js';

/** From asking a channel to its answer. */
const DELIVER_MS_MAX = 10_000;
/** How long the outcome may take to get on record; the message is sent again when it does not. */
const RECORD_MS_MAX = 5_000;
const RECORD_PAUSE_MS = 1_000;
const REASON_MAX = 100;
const REFERENCE_BYTES_MAX = 2_048;

type Tried = Sent | Omit<Failure, 'now'>;

/** Where one channel stands with one approval, after a look or an attempt. */
export interface Looked extends Worked {
  readonly state: NoticeState;
  /** Of the last entry of its history; -1 when there is none. */
  readonly revision: number;
}

/**
 * One attempt to tell a channel what is next, on record before and after. A crash in between leaves an intention without an
 * outcome: it is sent again after its time, by whoever comes first.
 */
@Injectable()
export class SendNotice {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(ShownArguments) private readonly shown: ShownArguments,
    @Inject(PAGE_URL) private readonly pageUrl: () => string,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws CountersignError ledger_unavailable, event_unknown, approval_unknown */
  async attempt(
    approvalId: string,
    channel: Channel,
    announced: () => readonly Announced[],
    stopped: AbortSignal,
  ): Promise<Looked> {
    const listed = await this.approvals.find(approvalId);
    if (listed === undefined) throw new CountersignError('approval_unknown', approvalId);
    const now = new Date().toISOString();
    const nextOf = (state: NoticeState) => nextNotice(announced(), state, (each) => channel.takes(each), now);
    let decided: readonly NoticeEvent[] = [];
    let next: Announced | undefined;
    const { state, entries } = await this.decide(listed, channel, (current) => {
      next = nextOf(current);
      const lease_ms = DELIVER_MS_MAX + RECORD_MS_MAX;
      decided = decideIntent(current, { approvalId, channel: channel.name, next, now, lease_ms });
      return decided;
    });
    const intended = decided.find((event) => event.type === 'NoticeIntended');
    if (intended !== undefined && next !== undefined)
      return this.deliver(listed, channel, { intended: intended.data, next, state }, stopped);
    const again = notBefore(state, next);
    const revision = entries.length - 1;
    return { state, revision, outcome: 'nothing', ...(again !== undefined && { again: Date.parse(again) }) };
  }

  private async deliver(
    listed: Listed,
    channel: Channel,
    { intended, next, state }: { intended: NoticeIntended['data']; next: Announced; state: NoticeState },
    stopped: AbortSignal,
  ): Promise<Looked> {
    const { notice, attempt, until } = intended;
    const attempted: Attempted = { channel: channel.name, notice, attempt };
    const previous = state.reference === undefined ? undefined : { reference: state.reference };
    let tried: Tried;
    try {
      const told = await this.notice(listed, channel, next);
      tried = await withinTime(channel, told, previous, stopped);
      requireSmall(tried.reference);
    } catch (error) {
      // Nobody knows what a delivery that was broken off has done: the intention stays without an outcome.
      if (stopped.aborted) throw error;
      tried = failureOf(error);
    }
    const looked = await this.record(listed, channel, until, (current) =>
      'reference' in tried
        ? decideSent(current, attempted, tried.reference)
        : decideFailed(current, attempted, { ...tried, now: new Date().toISOString() }),
    );
    this.count(listed, attempted, tried);
    const { retryAt, until: other } = looked.state;
    const again = Date.parse(retryAt ?? other ?? new Date().toISOString());
    return { ...looked, outcome: 'reference' in tried ? 'delivered' : 'failed', again };
  }

  private count({ approvalId }: Listed, { channel, attempt }: Attempted, tried: Tried): void {
    if ('reference' in tried) {
      noticesTotal.inc({ channel, outcome: 'sent' });
      return;
    }
    const { reason, final } = tried;
    noticesTotal.inc({ channel, outcome: final ? 'given_up' : 'failed' });
    this.logger.warn({ channel, approvalId, attempt, reason, final }, 'a notice was not delivered');
  }

  private async notice(
    listed: Listed,
    channel: Channel,
    { kind, revision, roles }: Announced,
  ): Promise<Notice> {
    const { approvalId } = listed;
    return {
      id: `${approvalId}_${revision}`,
      approvalId,
      kind,
      item: approvalView(listed, channel.showsArguments ? await this.shown.of(listed) : null),
      url: approvalPageUrl(this.pageUrl(), approvalId),
      roles,
    };
  }

  /** While the ledger is away the outcome is offered again until the intention is over: it is sent again then, at worst. */
  private async record(
    listed: Listed,
    channel: Channel,
    until: string,
    decide: (state: NoticeState) => readonly NoticeEvent[],
  ): Promise<Pick<Looked, 'state' | 'revision'>> {
    for (;;) {
      try {
        const { state, entries } = await this.decide(listed, channel, decide);
        return { state, revision: entries.length - 1 };
      } catch (error) {
        if (Date.now() + RECORD_PAUSE_MS > Date.parse(until)) throw error;
        await pause(RECORD_PAUSE_MS);
      }
    }
  }

  private decide(
    { approvalId, approval }: Listed,
    channel: Channel,
    decide: (state: NoticeState) => readonly NoticeEvent[],
  ) {
    return decideOnStream<NoticeState, NoticeEvent>(this.bus, {
      stream: noticeStream(approvalId, channel.name),
      initial: NOTHING_TOLD,
      evolve: evolveNotice,
      decide,
      actor: APPROVAL_SERVICE,
      correlation: () => approval.request.callId,
      causation: approvalId,
    });
  }
}

/** A channel that does not end in time is left to itself: others must not wait for it. */
const withinTime = async (
  channel: Channel,
  notice: Notice,
  previous: Sent | undefined,
  stopped: AbortSignal,
): Promise<Sent> => {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(DELIVER_MS_MAX)]);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new DeliveryError('timeout'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([channel.deliver(notice, previous, signal), promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

const requireSmall = (reference: Sent['reference']): void => {
  if (Buffer.byteLength(JSON.stringify(reference)) > REFERENCE_BYTES_MAX)
    throw new DeliveryError('reference_too_long', { final: true });
};

const failureOf = (error: unknown): Omit<Failure, 'now'> => {
  if (error instanceof DeliveryError) {
    const { final = false, retryAfter_ms } = error.options;
    const reason = error.reason.slice(0, REASON_MAX) || 'unknown';
    return { reason, final, ...(retryAfter_ms !== undefined && { retryAfter_ms }) };
  }
  // Messages of libraries may quote addresses; their codes do not.
  const { code } = error as { readonly code?: unknown };
  return { reason: typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : 'error', final: false };
};
