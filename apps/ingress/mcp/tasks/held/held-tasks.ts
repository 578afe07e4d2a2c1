import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';

/** Of one person at one client; each is a stream that looks at the ledger every second. */
export const WAITING_MAX = 32;

/** Held calls that this replica is carrying out for their tasks: each once at a time. What became of them is in the ledger. */
export class HeldTasks {
  private readonly running = new Map<string, Promise<void>>();
  private readonly waiting = new Map<Digest, number>();

  /** Somebody waits for a result on an open stream, until they call what this returns. @throws CountersignError busy */
  wait(owner: Digest): () => void {
    const others = this.waiting.get(owner) ?? 0;
    if (others >= WAITING_MAX)
      throw new CountersignError('busy', `at most ${WAITING_MAX} results of held calls are waited for`);
    this.waiting.set(owner, others + 1);
    return () => {
      const left = (this.waiting.get(owner) ?? 1) - 1;
      if (left === 0) this.waiting.delete(owner);
      else this.waiting.set(owner, left);
    };
  }

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
    // Every end of a call is on record before it is told; the next look reads it there, or tries again.
    const running = start()
      .then(ignore, ignore)
      .finally(() => this.running.delete(callId));
    this.running.set(callId, running);
    return running;
  }
}

const ignore = (): void => undefined;
