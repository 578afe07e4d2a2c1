import { SlidingWindow } from './sliding-window.js';

/** What one holder may use up; a limit that is not set does not exist. */
export interface Budget {
  readonly calls_per_minute?: number | undefined;
  readonly calls_per_hour?: number | undefined;
  /** All calls of a session. */
  readonly calls?: number | undefined;
  readonly concurrent_calls?: number | undefined;
  /** Canonical bytes of the arguments of one call, and of all calls of the last hour. */
  readonly argument_bytes?: number | undefined;
  readonly argument_bytes_per_hour?: number | undefined;
  /** Bytes of one result as the upstream sent it, and of all results of the last hour. */
  readonly result_bytes?: number | undefined;
  readonly result_bytes_per_hour?: number | undefined;
}

export type BudgetLimit = keyof Budget;

/** Which limit is reached. `retryAfter_ms` null: waiting does not help. */
export interface Exhausted {
  readonly limit: BudgetLimit;
  readonly retryAfter_ms: number | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** When a call under way ends is not known; a second is a fair time to ask again. */
const CONCURRENT_RETRY_MS = 1_000;

/** What one holder (a caller, a session, a caller at a server) has used of its budget. Times in ms of one monotonic clock. */
export class BudgetUse {
  private readonly callsOfMinute = new SlidingWindow(MINUTE_MS);
  private readonly callsOfHour = new SlidingWindow(HOUR_MS);
  private readonly argumentBytes = new SlidingWindow(HOUR_MS);
  private readonly resultBytes = new SlidingWindow(HOUR_MS);
  private calls = 0;
  private running = 0;
  private usedAt = 0;

  /** The first limit that one more call would pass; undefined when there is none. Changes nothing. */
  exhausted(budget: Budget, now_ms: number, argumentBytes: number): Exhausted | undefined {
    const { argument_bytes, calls, concurrent_calls, argument_bytes_per_hour } = budget;
    if (argument_bytes !== undefined && argumentBytes > argument_bytes) return final('argument_bytes');
    if (calls !== undefined && this.calls >= calls) return final('calls');
    if (concurrent_calls !== undefined && this.running >= concurrent_calls)
      return { limit: 'concurrent_calls', retryAfter_ms: CONCURRENT_RETRY_MS };
    if (argument_bytes_per_hour !== undefined && argumentBytes > argument_bytes_per_hour)
      return final('argument_bytes_per_hour');
    const windows: readonly (readonly [BudgetLimit, SlidingWindow, number | undefined])[] = [
      ['calls_per_minute', this.callsOfMinute, budget.calls_per_minute],
      ['calls_per_hour', this.callsOfHour, budget.calls_per_hour],
      [
        'argument_bytes_per_hour',
        this.argumentBytes,
        argument_bytes_per_hour === undefined ? undefined : argument_bytes_per_hour - argumentBytes + 1,
      ],
      ['result_bytes_per_hour', this.resultBytes, budget.result_bytes_per_hour],
    ];
    for (const [limit, window, max] of windows) {
      if (max !== undefined && window.total(now_ms) >= max)
        return { limit, retryAfter_ms: window.belowIn(now_ms, max) };
    }
    return undefined;
  }

  begin(now_ms: number, argumentBytes: number): void {
    this.usedAt = now_ms;
    this.calls += 1;
    this.running += 1;
    this.callsOfMinute.add(now_ms, 1);
    this.callsOfHour.add(now_ms, 1);
    this.argumentBytes.add(now_ms, argumentBytes);
  }

  result(now_ms: number, bytes: number): void {
    this.usedAt = now_ms;
    this.resultBytes.add(now_ms, bytes);
  }

  end(now_ms: number): void {
    this.usedAt = now_ms;
    this.running -= 1;
  }

  /** Nothing is under way and nothing was for so long. */
  isIdle(now_ms: number, for_ms: number): boolean {
    return this.running === 0 && now_ms - this.usedAt >= for_ms;
  }
}

const final = (limit: BudgetLimit): Exhausted => ({ limit, retryAfter_ms: null });
