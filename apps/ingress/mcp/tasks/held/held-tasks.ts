/** Held calls that this replica is carrying out for their tasks: each once at a time. What became of them is in the ledger. */
export class HeldTasks {
  private readonly running = new Map<string, Promise<void>>();

  /** Fulfils when it has ended, well or not, whoever started it; after `wait_ms` at the latest. */
  async run(callId: string, wait_ms: number, start: () => Promise<unknown>): Promise<void> {
    const running = this.running.get(callId) ?? this.begin(callId, start);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait_ms);
    });
    await Promise.race([running, late]).finally(() => clearTimeout(timer));
  }

  private begin(callId: string, start: () => Promise<unknown>): Promise<void> {
    // Every way out of a call is on record before it is taken; the next look reads it there.
    const running = start()
      .then(ignore, ignore)
      .finally(() => this.running.delete(callId));
    this.running.set(callId, running);
    return running;
  }
}

const ignore = (): void => undefined;
