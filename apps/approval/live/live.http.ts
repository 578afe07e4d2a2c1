import { once } from 'node:events';
import { Controller, Get, Headers, Inject, type OnApplicationShutdown, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { policyRoles } from '#contracts/policy.js';
import { CountersignError } from '#core/errors.js';
import { LOGGER } from '#http/platform.module.js';
import { recordingRefusals } from '#http/record-refusal.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { type ApprovalView, approvalView } from '../approval-view.js';
import { INSTANCE } from '../approvals.js';
import { DelegationDirectory } from '../delegation/delegation-directory.js';
import { Directory, type Listed } from '../directory.js';
import { VisibleApprovals } from '../visible-approvals.js';
import { type LiveEvent, liveList } from './live-list.js';
import { sharedRoles } from './roles-now.js';
import { standingOf } from './standing.js';
import { createStreamLimit } from './stream-limit.js';

const STREAMS_MAX = 500;
const STREAMS_PER_CALLER_MAX = 5;
/** Proxies close what is silent for longer. */
const KEEP_ALIVE_MS = 15_000;
/** A reader that takes nothing for so long is gone. */
const DRAIN_MS_MAX = 30_000;
/** A timer takes no more. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Server-sent events: what may be seen of the approvals, as long as the token is good. */
@Controller('approvals')
export class LiveHttp implements OnApplicationShutdown {
  private readonly limit = createStreamLimit({ all: STREAMS_MAX, each: STREAMS_PER_CALLER_MAX });
  private readonly shutdown = new AbortController();
  private readonly rolesNow = sharedRoles({
    ask: (groups) => this.bus.request(policyRoles, { groups: [...groups] }),
    head: () => this.directory.changes.head,
    now_ms: () => Date.now(),
  });

  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(DelegationDirectory) private readonly delegations: DelegationDirectory,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('events')
  async events(
    @WhoCalls() caller: RestCaller,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const release = await recordingRefusals(
      this.bus,
      INSTANCE,
      { where: 'approvals', caller, about: { act: 'events' } },
      async () => {
        this.visible.all(caller, 'pending');
        return this.limit.take(JSON.stringify([caller.issuer, caller.subject]));
      },
    );
    try {
      await this.stream(caller, lastEventId, reply);
    } finally {
      release();
    }
  }

  onApplicationShutdown(): void {
    this.shutdown.abort();
  }

  private async stream(
    caller: RestCaller,
    lastEventId: string | undefined,
    reply: FastifyReply,
  ): Promise<void> {
    reply.hijack();
    const { raw } = reply;
    const over = new AbortController();
    const end = (): void => over.abort();
    raw.once('close', end);
    this.shutdown.signal.addEventListener('abort', end, { once: true });
    const left_ms = Math.max(0, caller.expiresAt * 1_000 - Date.now());
    const expiry = setTimeout(end, Math.min(left_ms, TIMER_MS_MAX));
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    raw.flushHeaders();
    const standing = this.standingOf(caller);
    const keepAlive = setInterval(() => {
      raw.write(': \n\n');
      // Delegations come and go without a change of any approval.
      if (this.standingOf(caller) !== standing) end();
    }, KEEP_ALIVE_MS);
    const asBefore = (now: RestCaller): RestCaller => {
      // The reader comes again, and gets the list that is theirs now.
      if (this.standingOf(now) !== standing) throw new CountersignError('forbidden', 'other roles');
      return now;
    };
    const live = liveList({
      changes: this.directory.changes,
      pending: async () => {
        const now = asBefore(await this.asNow(caller, this.directory.changes.head));
        return this.visible.all(now, 'pending').map((each) => each.approvalId);
      },
      view: async (approvalId) => {
        const position = this.directory.changes.positionOf(approvalId);
        return this.view(asBefore(await this.asNow(caller, position)), approvalId);
      },
      standing,
      lastEventId,
      stopped: over.signal,
    });
    try {
      for await (const event of live)
        if (!raw.write(textOf(event)))
          await once(raw, 'drain', {
            signal: AbortSignal.any([over.signal, AbortSignal.timeout(DRAIN_MS_MAX)]),
          });
    } catch (error) {
      // The reader comes again and goes on where it was; nothing is shown that could not be checked.
      const { code } = error as { readonly code?: unknown };
      this.logger.debug({ code }, 'a live list ended');
    } finally {
      clearInterval(keepAlive);
      clearTimeout(expiry);
      this.shutdown.signal.removeEventListener('abort', end);
      if (raw.writableNeedDrain) raw.destroy();
      else raw.end();
    }
  }

  /** The caller with roles that were asked for after the change at this position. @throws CountersignError policy_unavailable */
  private async asNow(caller: RestCaller, position: bigint): Promise<RestCaller> {
    return { ...caller, ...(await this.rolesNow(caller.groups, position)) };
  }

  private standingOf(caller: RestCaller): string {
    return standingOf(caller, this.delegations.openTo(personOf(caller), new Date().toISOString()));
  }

  private async view(caller: RestCaller, approvalId: string): Promise<ApprovalView | undefined> {
    const listed = this.directory.get(approvalId);
    if (listed === undefined || !this.visible.maySee(caller, listed)) return undefined;
    return this.withArguments(listed);
  }

  /** What cannot be opened, perhaps never again, holds up nothing: it is told without its arguments. */
  private async withArguments(listed: Listed): Promise<ApprovalView> {
    try {
      return await this.visible.item(listed);
    } catch (error) {
      if (error instanceof CountersignError) return approvalView(listed, null);
      throw error;
    }
  }
}

/** JSON has no line breaks, so an event is one line of data. */
const textOf = (event: LiveEvent): string =>
  `${'id' in event ? `id: ${event.id}\n` : ''}event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
