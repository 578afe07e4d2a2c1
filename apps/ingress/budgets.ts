import type { Config } from '#config/config.schema.js';
import { type Budget, type BudgetLimit, BudgetUse } from '#core/budget/budget.js';
import { CountersignError } from '#core/errors.js';

export type BudgetsConfig = Config['limits']['budgets'];

/** Who makes a call, for counting only. */
export interface BudgetedCall {
  /** One key for one caller: issuer, subject and client. */
  readonly caller: string;
  /** Undefined when the request belongs to no session. */
  readonly session: string | undefined;
  readonly server: string;
  /** Of the canonical arguments. */
  readonly argumentBytes: number;
  /** Made within another call, which is counted as the one under way. */
  readonly within?: boolean;
}

/** A call that was let in. `end` must be called once it is over; calling it again does nothing. */
export interface BudgetLease {
  /** The largest result that the budgets allow; Infinity when they say nothing of it. */
  readonly resultBytesMax: number;
  /** Bytes the upstream has sent; they count for the calls after this one. */
  result(bytes: number): void;
  end(): void;
}

/** Says which budget is used up, and in how many milliseconds the call may be let in; null: not by waiting. */
export class BudgetExceeded extends CountersignError {
  constructor(
    readonly budget: string,
    readonly limit: BudgetLimit,
    readonly retryAfter_ms: number | null,
  ) {
    const again = retryAfter_ms === null ? 'waiting does not help' : `again in ${retryAfter_ms} ms`;
    super('budget_exceeded', `budget "${budget}", ${limit}: ${again}`);
  }
}

interface Holder {
  readonly name: string;
  readonly key: string;
  readonly budget: Budget;
}

const HOLDERS_MAX = 100_000;
const SWEEP_MS = 60_000;
/** Longer than any window, and as long as a session lives. */
const IDLE_MS = 24 * 3_600_000;

/**
 * Budgets of callers, of sessions and of callers at one server, counted in this process only: a restart begins anew, and
 * n replicas allow up to n times as much. A refused call uses nothing up. Beyond 100,000 holders those that were idle
 * longest are forgotten.
 */
export class Budgets {
  private readonly uses = new Map<string, BudgetUse>();
  private sweptAt = 0;

  constructor(
    private readonly config: BudgetsConfig,
    /** Milliseconds of a clock that does not go back. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws BudgetExceeded */
  begin(call: BudgetedCall): BudgetLease {
    const now = this.now();
    const holders = this.holdersOf(call);
    const uses = holders.map((holder) => {
      const use = this.uses.get(holder.key) ?? new BudgetUse();
      const budget = call.within ? { ...holder.budget, concurrent_calls: undefined } : holder.budget;
      const exhausted = use.exhausted(budget, now, call.argumentBytes);
      if (exhausted !== undefined)
        throw new BudgetExceeded(holder.name, exhausted.limit, exhausted.retryAfter_ms);
      return { key: holder.key, use };
    });
    for (const { key, use } of uses) {
      use.begin(now, call.argumentBytes);
      // Last in the map: used last.
      this.uses.delete(key);
      this.uses.set(key, use);
    }
    this.sweep(now);
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      for (const { use } of uses) use.end(this.now());
    };
    if (call.within) end();
    return {
      resultBytesMax: Math.min(...holders.map(({ budget }) => budget.result_bytes ?? Infinity)),
      result: (bytes) => {
        for (const { use } of uses) use.result(this.now(), bytes);
      },
      end,
    };
  }

  /** Holders without any limit are not counted. */
  private holdersOf({ caller, session, server }: BudgetedCall): readonly Holder[] {
    const ofServer = this.config.servers[server];
    const holders: readonly (Holder | undefined)[] = [
      { name: 'caller', key: `caller\n${caller}`, budget: this.config.caller },
      session === undefined
        ? undefined
        : { name: 'session', key: `session\n${session}`, budget: this.config.session },
      ofServer === undefined
        ? undefined
        : { name: `servers.${server}`, key: `server\n${server}\n${caller}`, budget: ofServer },
    ];
    return holders.filter(
      (holder): holder is Holder =>
        holder !== undefined && Object.values(holder.budget).some((limit) => limit !== undefined),
    );
  }

  private sweep(now: number): void {
    const isFull = this.uses.size > HOLDERS_MAX;
    if (!isFull && now - this.sweptAt < SWEEP_MS) return;
    this.sweptAt = now;
    for (const [key, use] of this.uses) {
      const idle_ms = this.uses.size > HOLDERS_MAX ? 0 : IDLE_MS;
      if (use.isIdle(now, idle_ms)) this.uses.delete(key);
    }
  }
}
