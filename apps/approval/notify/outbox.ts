import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { WireEvent } from '#contracts/ledger.js';
import type { ApprovalEvent } from '#core/approval/approval.events.js';
import { requirementsNow } from '#core/approval/approval.state.js';
import { rolesNamed } from '#core/approval/requirement.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { type Announced, nextNotice, noticeKindOf } from '#core/notice/decide-notice.js';
import type { NoticeEvent } from '#core/notice/notice.events.js';
import { evolveNotice, NOTHING_TOLD, type NoticeState } from '#core/notice/notice.state.js';
import { LOGGER } from '#http/platform.module.js';
import { noticesPending } from '#telemetry/notice-metrics.js';
import { Directory } from '../directory.js';
import { CHANNELS, type Channel } from './channel.js';
import { ChannelQueue, type Worked } from './channel-queue.js';
import { SendNotice } from './send-notice.js';

const PARALLEL = 4;
const CLOSE_MS_MAX = 1_000;

/** What is known of a channel's history; the ledger is asked again before anything is sent. */
interface Known {
  readonly state: NoticeState;
  readonly revision: number;
}

interface Tracked {
  announced: readonly Announced[];
  readonly channels: Map<string, Known>;
}

/**
 * Tells every channel what happens to approvals: at least once, in order, in spite of crashes. It follows the log with the
 * directory; what was sent is on record, so that nothing is forgotten over a restart and replicas share the work. Nobody waits
 * for it: neither a vote nor a call, nor one channel for another.
 */
@Injectable()
export class Outbox implements OnApplicationShutdown {
  private readonly tracked = new Map<string, Tracked>();
  private readonly queues: ReadonlyMap<string, ChannelQueue>;
  private readonly stopping = new AbortController();
  private isStarted = false;

  constructor(
    @Inject(CHANNELS) private readonly channels: readonly Channel[],
    @Inject(SendNotice) private readonly send: SendNotice,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.queues = new Map(
      channels.map((channel) => [
        channel.name,
        new ChannelQueue({ parallel: PARALLEL, work: (id) => this.work(id, channel) }),
      ]),
    );
    for (const [name, queue] of this.queues) noticesPending(name, () => queue.size);
  }

  /** An event of an approval or of its notices, after the directory has taken it. Seen again, it changes nothing. */
  observe(event: WireEvent): void {
    if (this.channels.length === 0) return;
    if (event.stream.startsWith('approval-')) this.announce(event);
    else if (event.stream.startsWith('notice-')) this.learn(event);
  }

  /** Once everything that was recorded before is known: what was not told then is told now. */
  start(): void {
    this.isStarted = true;
    for (const [approvalId, { announced }] of this.tracked) {
      for (const channel of this.channels) this.look(approvalId, channel);
      if (announced.length > 0) this.dropIfSettled(approvalId);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    for (const queue of this.queues.values()) queue.close();
    this.stopping.abort();
    const closing = this.channels.map((channel) => channel.close?.());
    await Promise.race([
      Promise.allSettled(closing),
      new Promise((resolve) => setTimeout(resolve, CLOSE_MS_MAX).unref()),
    ]);
  }

  private announce({ stream, entry: bytes, revision }: WireEvent): void {
    const approvalId = stream.slice('approval-'.length);
    const entry = readEntry(bytes);
    const event = knownEvent<ApprovalEvent>(entry);
    const kind = event && noticeKindOf(event);
    const listed = this.directory.get(approvalId);
    if (kind === undefined || listed === undefined) return;
    const tracked: Tracked = this.tracked.get(approvalId) ?? { announced: [], channels: new Map() };
    if ((tracked.announced.at(-1)?.revision ?? -1) >= revision) return;
    const { review } = listed.approval;
    const roles =
      kind === 'review' && review !== undefined ? review.by : rolesNamed(requirementsNow(listed.approval));
    tracked.announced = [...tracked.announced, { revision, kind, at: entry.time, roles }];
    this.tracked.set(approvalId, tracked);
    if (this.isStarted) for (const channel of this.channels) this.look(approvalId, channel);
  }

  private learn({ stream, entry: bytes, revision }: WireEvent): void {
    const [approvalId = '', name = ''] = splitOnce(stream.slice('notice-'.length));
    const tracked = this.tracked.get(approvalId);
    const channel = this.channels.find((each) => each.name === name);
    const event = knownEvent<NoticeEvent>(readEntry(bytes));
    if (tracked === undefined || channel === undefined || event === undefined) return;
    const known = tracked.channels.get(name) ?? { state: NOTHING_TOLD, revision: -1 };
    if (revision !== known.revision + 1) return;
    tracked.channels.set(name, { state: evolveNotice(known.state, event), revision });
    if (this.isStarted && event.type !== 'NoticeIntended') this.look(approvalId, channel);
  }

  /** Queues what is to be done; where nothing is, nothing is remembered either. */
  private look(approvalId: string, channel: Channel): void {
    const queue = this.queues.get(channel.name);
    if (this.hasWork(approvalId, channel)) queue?.add(approvalId);
    else {
      queue?.remove(approvalId);
      this.dropIfSettled(approvalId);
    }
  }

  private hasWork(approvalId: string, channel: Channel): boolean {
    const tracked = this.tracked.get(approvalId);
    if (tracked === undefined) return false;
    const state = tracked.channels.get(channel.name)?.state ?? NOTHING_TOLD;
    const now = new Date().toISOString();
    const next = nextNotice(tracked.announced, state, (each) => channel.takes(each), now);
    return next !== undefined || state.attempt !== undefined;
  }

  private dropIfSettled(approvalId: string): void {
    const status = this.directory.get(approvalId)?.approval.status;
    if (status === 'pending' || this.channels.some((channel) => this.hasWork(approvalId, channel))) return;
    this.tracked.delete(approvalId);
  }

  private async work(approvalId: string, channel: Channel): Promise<Worked> {
    const tracked = this.tracked.get(approvalId);
    if (tracked === undefined || !this.hasWork(approvalId, channel)) return { outcome: 'nothing' };
    try {
      const looked = await this.send.attempt(
        approvalId,
        channel,
        () => tracked.announced,
        this.stopping.signal,
      );
      const known = tracked.channels.get(channel.name);
      if (known === undefined || known.revision < looked.revision)
        tracked.channels.set(channel.name, { state: looked.state, revision: looked.revision });
      if (this.hasWork(approvalId, channel)) return looked;
      this.dropIfSettled(approvalId);
      return { outcome: looked.outcome };
    } catch (error) {
      // The ledger is away, or holds something of a newer release: nothing is sent that could not be put on record.
      this.logger.debug(
        { channel: channel.name, code: (error as { code?: unknown }).code },
        'cannot look at a notice',
      );
      throw error;
    }
  }
}

/** Ids of approvals have no dot; names of channels may. */
const splitOnce = (text: string): readonly string[] => {
  const at = text.indexOf('.');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};
