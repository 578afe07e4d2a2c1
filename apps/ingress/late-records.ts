import type { Logger } from 'pino';

const RETRY_MS = 1_000;
const ATTEMPTS_MAX = 300;

/**
 * Records that the ledger could not take in time, tried again in the background. The caller has long had its refusal;
 * this is for the history. What is still missing when the process dies, or when there are too many, is closed by the
 * ledger as unknown. Outcomes of calls that were carried out have a queue of their own: while the ledger is away, refused
 * calls fill the other one within seconds.
 */
export class LateRecords {
  private readonly tasks = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(
    private readonly logger: Logger,
    private readonly tasks_max: number,
  ) {}

  /** `record` is called until it fulfils; it must be safe to repeat. */
  add(callId: string, record: () => Promise<void>, attempt = 0): void {
    if (this.stopped || this.tasks.size >= this.tasks_max || attempt >= ATTEMPTS_MAX) {
      this.logger.error(
        { callId, waiting: this.tasks.size },
        'gave up recording late; the ledger closes the call as unknown',
      );
      return;
    }
    const timer = setTimeout(() => {
      this.tasks.delete(timer);
      record().catch(() => this.add(callId, record, attempt + 1));
    }, RETRY_MS);
    this.tasks.add(timer);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.tasks) clearTimeout(timer);
  }
}
