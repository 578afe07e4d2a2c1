import { CountersignError } from '#core/errors.js';
import type { RequestId } from '#mcp/frame.js';

/** Calls of this process that a caller may cancel, by who and which JSON-RPC id; also the cap on concurrent calls. */
export class InFlight {
  private readonly calls = new Map<string, AbortController>();
  private count = 0;

  constructor(private readonly calls_max: number) {}

  /** @throws CountersignError busy */
  begin(owner: string, id: RequestId): { signal: AbortSignal; end: () => void } {
    if (this.count >= this.calls_max) throw new CountersignError('busy');
    this.count += 1;
    const key = keyOf(owner, id);
    const controller = new AbortController();
    this.calls.set(key, controller);
    let ended = false;
    return {
      signal: controller.signal,
      // Counted once, however often it is said: a count below the truth would let in more than the cap.
      end: () => {
        if (ended) return;
        ended = true;
        this.count -= 1;
        if (this.calls.get(key) === controller) this.calls.delete(key);
      },
    };
  }

  cancel(owner: string, id: RequestId): void {
    this.calls.get(keyOf(owner, id))?.abort();
  }
}

const keyOf = (owner: string, id: RequestId): string => `${owner}\n${typeof id}\n${id}`;
