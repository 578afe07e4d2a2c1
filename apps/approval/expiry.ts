import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { decideExpiry } from '#core/approval/decide-approval.js';
import { LOGGER } from '#http/platform.module.js';
import { JOBS, type JobHandler, type Jobs } from '#jobs/jobs.js';
import { APPROVAL_SERVICE, Approvals } from './approvals.js';
import { CloseCall } from './close-call.js';
import { Directory } from './directory.js';

const EARLY_MS_MAX = 1_000;

export type JobsFactory = (handler: JobHandler, onError: (id: string, error: unknown) => void) => Jobs;

/** Ends approvals in time. The job only says "look now"; the decider and the recorded clock decide. */
@Injectable()
export class Expiry implements OnApplicationShutdown {
  private readonly jobs: Jobs;

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
        this.logger.warn(
          { id, err: error },
          'a timer failed; the approval is looked at again at the next vote or start',
        ),
    );
  }

  async schedule(approvalId: string, expiresAt: string): Promise<void> {
    try {
      await this.jobs.schedule(approvalId, new Date(expiresAt));
    } catch (error) {
      // Without the alarm nothing wrong can happen: votes after the expiry are refused all the same.
      this.logger.warn({ approvalId, err: error }, 'could not set the expiry timer');
    }
  }

  /** After the directory has been rebuilt: timers for what is open, and the end of calls whose approval ended unseen. */
  async rebuild(): Promise<void> {
    for (const { approvalId, approval, callOpen } of this.directory.all()) {
      if (!callOpen) continue;
      if (approval.status === 'pending' || approval.status === 'granted')
        await this.schedule(approvalId, approval.request.expiresAt);
      else await this.closeCall.afterApproval(approvalId, approval).catch(() => undefined);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.jobs.close().catch(() => undefined);
  }

  private async due(approvalId: string): Promise<void> {
    const listed = this.directory.get(approvalId);
    if (listed === undefined || !listed.callOpen) return;
    const { expiresAt } = listed.approval.request;
    // Timers may ring a moment early. The decider would then change nothing, and nobody would look again.
    const early_ms = Date.parse(expiresAt) - Date.now();
    if (early_ms > 0)
      await new Promise((resolve) => setTimeout(resolve, Math.min(early_ms + 1, EARLY_MS_MAX)));
    const now = new Date().toISOString();
    const state = await this.approvals.execute(approvalId, APPROVAL_SERVICE, (current) =>
      decideExpiry(current, now),
    );
    if (state.status === 'pending' || state.status === 'granted') return this.schedule(approvalId, expiresAt);
    if (state.status !== 'none') await this.closeCall.afterApproval(approvalId, state);
  }
}
