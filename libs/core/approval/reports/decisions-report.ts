import { DECIDED_AS, type Decided, isWithin, type Period, type Reported } from './reported.js';

/** How long decisions took, from the request on record to the decision on record, in milliseconds. */
export interface Waits {
  readonly count: number;
  readonly median_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export interface DecisionsReport {
  readonly outcomes: readonly ({ readonly outcome: Decided['as'] } & Waits)[];
  readonly tools: readonly ({
    readonly server: string;
    readonly tool: string;
    readonly outcome: Decided['as'];
  } & Waits)[];
  /** How many more tools and outcomes there are than fit. */
  readonly left_out: number;
}

export interface DecisionsQuery extends Period {
  readonly tools_max: number;
}

/** Time to decision of what was decided in the period: for each outcome, and for each tool and outcome. */
export const decisionsReport = (
  all: readonly Reported[],
  { tools_max, ...period }: DecisionsQuery,
): DecisionsReport => {
  const byOutcome = new Map<string, number[]>();
  const byTool = new Map<string, { readonly of: Reported; readonly as: Decided['as']; waits: number[] }>();
  for (const reported of all) {
    const { decided, requestedAt, server, tool } = reported;
    if (decided === undefined || !isWithin(decided.at, period)) continue;
    const wait_ms = Math.max(0, Date.parse(decided.at) - Date.parse(requestedAt));
    const ofOutcome = byOutcome.get(decided.as) ?? [];
    byOutcome.set(decided.as, ofOutcome);
    ofOutcome.push(wait_ms);
    const key = JSON.stringify([server, tool, DECIDED_AS.indexOf(decided.as)]);
    const group = byTool.get(key) ?? { of: reported, as: decided.as, waits: [] };
    byTool.set(key, group);
    group.waits.push(wait_ms);
  }
  return {
    outcomes: DECIDED_AS.flatMap((outcome) => {
      const waits = byOutcome.get(outcome);
      return waits === undefined ? [] : [{ outcome, ...waitsOf(waits) }];
    }),
    tools: [...byTool]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, tools_max)
      .map(([, { of: reported, as, waits }]) => ({
        server: reported.server,
        tool: reported.tool,
        outcome: as,
        ...waitsOf(waits),
      })),
    left_out: Math.max(0, byTool.size - tools_max),
  };
};

/** Percentiles by nearest rank: each is a wait that somebody had, and the same whoever computes it. */
const waitsOf = (unsorted: readonly number[]): Waits => {
  const sorted = unsorted.toSorted((a, b) => a - b);
  const rank = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
  return {
    count: sorted.length,
    median_ms: rank(50),
    p90_ms: rank(90),
    p99_ms: rank(99),
    max_ms: rank(100),
  };
};
