import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ApprovalState, KnownApproval } from '#core/approval/approval.state.js';
import { decideReviewOverdue } from '#core/approval/break-glass.js';
import { decideLook, hasExpired } from '#core/approval/decide-approval.js';
import { approvalOfTimer, isReviewTimer, type Timer, timersOf } from '#core/approval/timers.js';
import { LOGGER } from '#http/platform.module.js';
import { JOBS, type JobHandler, type Jobs } from '#jobs/jobs.js';
import { APPROVAL_SERVICE, Approvals } from './approvals.js';
import { CloseCall } from './close-call.js';
import { Directory } from './directory.js';
import { TimerSweep } from './timer-sweep.js';

const EARLY_MS_MAX = 1_000;

export type JobsFactory = (handler: JobHandler, onError: (id: string, error: unknown) => void) => Jobs;

/** Escalates, reminds of and ends approvals in time. The job only says "look now"; the decider and the recorded clock decide. */
@Injectable()
export class Expiry implements OnApplicationShutdown {
  private readonly jobs: Jobs;
  private readonly sweep: TimerSweep;

  constructor(
    @Inject(JOBS) makeJobs: JobsFactory,
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(CloseCall) private readonly closeCall: CloseCall,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.jobs = makeJobs(
      (id) => this.due(id),
      (id, error) =>
        this.logger.warn({ id, err: error }, 'a timer failed; the approval is looked at again soon'),
    );
    this.sweep = new TimerSweep({
      jobs: this.jobs,
      logger,
      wanted: () => this.wanted(),
      due: (id) => this.due(id),
    });
  }

  async schedule(approvalId: string, approval: KnownApproval): Promise<void> {
    for (const { id, at } of timersOf(approvalId, approval)) await this.set(approvalId, id, at);
  }

  private wanted(): readonly Timer[] {
    return [
      ...this.directory.live().flatMap(({ approvalId, approval }) => timersOf(approvalId, approval)),
      ...[...this.directory.unasked()].map(([id, { expiresAt }]) => ({ id, at: expiresAt })),
      ...this.directory.unclosed().map(({ approvalId, approval, decided }) => ({
        id: approvalId,
        at: decided?.at ?? approval.request.expiresAt,
      })),
    ];
  }

  private async set(approvalId: string, id: string, at: string): Promise<void> {
    try {
      await this.jobs.schedule(id, new Date(at));
    } catch (error) {
      // Without the alarm nothing wrong can happen: votes after the expiry are refused all the same.
      this.logger.warn({ approvalId, err: error }, 'could not set a timer');
    }
  }

  /** A held call whose approval may never be asked for; the job of the approval, once it is there, has the same id. */
  async watchUnasked(approvalId: string, expiresAt: string): Promise<void> {
    if (this.directory.get(approvalId) === undefined) await this.set(approvalId, approvalId, expiresAt);
  }

  /** After the directory has been rebuilt: timers for what is open, and the end of calls whose approval ended unseen. */
  async rebuild(): Promise<void> {
    void this.sweep.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.sweep.stop();
    await this.jobs.close().catch(() => undefined);
  }

  private async due(id: string): Promise<void> {
    const approvalId = approvalOfTimer(id);
    const listed = this.directory.get(approvalId);
    if (listed === undefined) return this.dueUnasked(approvalId);
    const timer = timersOf(approvalId, listed.approval).find((each) => each.id === id);
    if (timer !== undefined) await reach(timer.at);
    if (isReviewTimer(id)) return this.dueReview(approvalId, timer);
    // Also after its call has ended otherwise: the approval of a call that was cancelled or refused must end too.
    if (listed.approval.status === 'used') return;
    const now = new Date().toISOString();
    const state = await this.look(approvalId, now);
    if (state === 'used') return;
    if (state.status === 'pending' || state.status === 'granted')
      return timer === undefined || hasExpired(timer.at, now)
        ? undefined
        : this.set(approvalId, id, timer.at);
    if (state.status !== 'none') await this.closeCall.afterApproval(approvalId, state);
  }

  /** What time alone changes. A granted approval expires once its call can be forwarded no more, and not if it was. */
  private async look(approvalId: string, now: string): Promise<ApprovalState | 'used'> {
    for (;;) {
      const seen = await this.approvals.read(approvalId);
      const isOver = seen.status === 'granted' && hasExpired(seen.request.expiresAt, now);
      if (isOver && (await this.closeCall.before(approvalId, seen, 'expired')) === 'forwarded') return 'used';
      const state = await this.approvals.execute(approvalId, APPROVAL_SERVICE, (current) =>
        current.status === 'granted' && !isOver ? [] : decideLook(current, now),
      );
      // Granted between the two, or before now: at most once more, since it stays granted until it is used or over.
      if (state.status !== 'granted' || !hasExpired(state.request.expiresAt, now)) return state;
    }
  }

  /** Whatever became of the call: who broke the glass owes an explanation. */
  private async dueReview(approvalId: string, timer: Timer | undefined): Promise<void> {
    if (timer === undefined) return;
    const state = await this.approvals.execute(approvalId, APPROVAL_SERVICE, decideReviewOverdue);
    const isTold = state.status === 'none' || state.review?.isOverdue !== false;
    if (!isTold) await this.set(approvalId, timer.id, timer.at);
  }

  private async dueUnasked(approvalId: string): Promise<void> {
    const held = this.directory.unasked().get(approvalId);
    if (held === undefined) return;
    await reach(held.expiresAt);
    if (hasExpired(held.expiresAt, new Date().toISOString()))
      await this.closeCall.unasked(approvalId, held.callId);
    else await this.set(approvalId, approvalId, held.expiresAt);
  }
}

/** Timers may ring a moment early. The decider would then change nothing, and nobody would look again. */
const reach = async (at: string): Promise<void> => {
  const early_ms = Date.parse(at) - Date.now();
  if (early_ms > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(early_ms + 1, EARLY_MS_MAX)));
};
