import type { Logger } from 'pino';
import type { Timer } from '#core/approval/timers.js';
import type { Jobs } from '#jobs/jobs.js';

/** From one look to the next, and by how much each differs, so that replicas do not all come at once. */
const EVERY_MS = 5_000;
const SPREAD_MS = 2_000;
/** So late is no job any more: it is lost. */
const LATE_MS = 2_000;
/** What was looked at and is still due is looked at again after this long. */
const LOOK_AGAIN_MS = 30_000;
const LOOKS_AT_ONCE = 8;

export interface SweepOptions {
  readonly jobs: Jobs;
  readonly logger: Logger;
  /** All that is to be looked at, as the log has it. */
  readonly wanted: () => readonly Timer[];
  readonly due: (timerId: string) => Promise<void>;
}

/**
 * Compares the timers with the log again and again: those that are missing are added, and what no timer has rung for in time is
 * looked at anyway. So it does not matter what the jobs behind the port lose, or whether they are there at all.
 */
export class TimerSweep {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private isFailing = false;
  private readonly looked = new Map<string, number>();

  constructor(private readonly options: SweepOptions) {}

  /** The first look is made at once. */
  async start(): Promise<void> {
    await this.sweep();
    if (this.isStopped) return;
    const wait_ms = EVERY_MS + (Math.random() - 0.5) * SPREAD_MS;
    this.timer = setTimeout(() => void this.start(), wait_ms);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async sweep(): Promise<void> {
    const { jobs, logger, wanted } = this.options;
    const now = Date.now();
    const all = wanted().map(({ id, at }) => ({ id, at: new Date(at) }));
    const isLate = ({ at }: { readonly at: Date }): boolean => at.getTime() + LATE_MS < now;
    try {
      await jobs.ensure(all.filter((job) => !isLate(job)));
      this.isFailing = false;
    } catch (error) {
      // Nothing wrong can happen without them: what is late is looked at from here.
      if (!this.isFailing) logger.warn({ err: error }, 'timers cannot be set just now');
      this.isFailing = true;
    }
    await this.look(all.filter(isLate).map(({ id }) => id));
  }

  private async look(late: readonly string[]): Promise<void> {
    const before = performance.now() - LOOK_AGAIN_MS;
    for (const [id, at] of this.looked) if (at < before) this.looked.delete(id);
    const waiting = late.filter((id) => !this.looked.has(id));
    const next = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined && !this.isStopped; id = waiting.pop()) {
        this.looked.set(id, performance.now());
        await this.options.due(id).catch((error: unknown) => {
          // Soon again: the ledger was away.
          this.looked.delete(id ?? '');
          this.options.logger.debug({ id, err: error }, 'could not look at an approval');
        });
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, next));
  }
}
