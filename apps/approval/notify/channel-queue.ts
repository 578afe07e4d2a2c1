export interface Worked {
  readonly outcome: 'delivered' | 'failed' | 'nothing';
  /** When to look again, in milliseconds since 1970; absent: not until somebody asks. */
  readonly again?: number;
}

export interface QueueOptions {
  /** So many pieces of work at a time. */
  readonly parallel: number;
  /** Never throws for long: what it throws is tried again after a while. */
  readonly work: (id: string) => Promise<Worked>;
}

const FAILURES_BEFORE_REST = 5;
const REST_MS_MAX = 60_000;
const AFTER_ERROR_MS = 1_000;
/** Longer waits are cut into pieces. */
const TIMEOUT_MS_MAX = 2_147_483_647;

/**
 * The work of one channel: each id at most once at a time, first come first served. A channel that fails all the time gets a
 * rest, so that an outage costs few attempts, however many approvals wait.
 */
export class ChannelQueue {
  private readonly ready = new Set<string>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  /** With whether somebody has asked again meanwhile. */
  private readonly running = new Map<string, boolean>();
  private failures = 0;
  private rest: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly options: QueueOptions) {}

  get size(): number {
    return new Set([...this.ready, ...this.waiting.keys(), ...this.running.keys()]).size;
  }

  add(id: string): void {
    if (this.isClosed) return;
    this.forget(id);
    if (this.running.has(id)) this.running.set(id, true);
    else this.ready.add(id);
    this.pump();
  }

  /** Nothing is left to do for it. */
  remove(id: string): void {
    this.forget(id);
    this.ready.delete(id);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.rest);
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
    this.ready.clear();
  }

  private forget(id: string): void {
    clearTimeout(this.waiting.get(id));
    this.waiting.delete(id);
  }

  private pump(): void {
    while (this.rest === undefined && this.running.size < this.parallel()) {
      const [id] = this.ready;
      if (id === undefined) return;
      this.ready.delete(id);
      this.running.set(id, false);
      void this.run(id);
    }
  }

  /** One at a time while it fails: the first that succeeds lets the others follow. */
  private parallel(): number {
    return this.failures < FAILURES_BEFORE_REST ? this.options.parallel : 1;
  }

  private async run(id: string): Promise<void> {
    const worked = await this.options
      .work(id)
      .catch((): Worked => ({ outcome: 'failed', again: Date.now() + AFTER_ERROR_MS }));
    const isAskedAgain = this.running.get(id) === true;
    this.running.delete(id);
    if (this.isClosed) return;
    if (worked.outcome === 'delivered') this.failures = 0;
    if (worked.outcome === 'failed') this.takeRest();
    if (isAskedAgain) this.ready.add(id);
    else if (worked.again !== undefined) this.wait(id, worked.again);
    this.pump();
  }

  private wait(id: string, at: number): void {
    const wait_ms = Math.min(Math.max(0, at - Date.now()), TIMEOUT_MS_MAX);
    this.waiting.set(
      id,
      setTimeout(() => this.add(id), wait_ms),
    );
  }

  private takeRest(): void {
    this.failures++;
    if (this.failures < FAILURES_BEFORE_REST || this.rest !== undefined) return;
    const rest_ms = Math.min(REST_MS_MAX, 1_000 * 2 ** (this.failures - FAILURES_BEFORE_REST));
    this.rest = setTimeout(() => {
      this.rest = undefined;
      this.pump();
    }, rest_ms);
  }
}
