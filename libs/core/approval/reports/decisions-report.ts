import { DECIDED_AS, type Decided, isWithin, type Period, type Reported } from './reported.js';

/** How long decisions took, from the request on record to the decision on record, in milliseconds. */
export interface Waits {
  readonly count: number;
  readonly median_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** How many of them have a vote on behalf of somebody else; who for whom is in the duties. */
  readonly delegated: number;
}

interface Decision {
  readonly wait_ms: number;
  readonly isDelegated: boolean;
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
  const byOutcome = new Map<string, Decision[]>();
  const byTool = new Map<string, { readonly of: Reported; readonly as: Decided['as']; made: Decision[] }>();
  for (const reported of all) {
    const { decided, requestedAt, server, tool, votes } = reported;
    if (decided === undefined || !isWithin(decided.at, period)) continue;
    const wait_ms = Math.max(0, Date.parse(decided.at) - Date.parse(requestedAt));
    const ofOutcome = byOutcome.get(decided.as) ?? [];
    byOutcome.set(decided.as, ofOutcome);
    const decision = { wait_ms, isDelegated: votes.some(({ onBehalfOf }) => onBehalfOf !== undefined) };
    ofOutcome.push(decision);
    const key = JSON.stringify([server, tool, DECIDED_AS.indexOf(decided.as)]);
    const group = byTool.get(key) ?? { of: reported, as: decided.as, made: [] };
    byTool.set(key, group);
    group.made.push(decision);
  }
  return {
    outcomes: DECIDED_AS.flatMap((outcome) => {
      const made = byOutcome.get(outcome);
      return made === undefined ? [] : [{ outcome, ...waitsOf(made) }];
    }),
    tools: [...byTool]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, tools_max)
      .map(([, { of: reported, as, made }]) => ({
        server: reported.server,
        tool: reported.tool,
        outcome: as,
        ...waitsOf(made),
      })),
    left_out: Math.max(0, byTool.size - tools_max),
  };
};

/** Percentiles by nearest rank: each is a wait that somebody had, and the same whoever computes it. */
const waitsOf = (made: readonly Decision[]): Waits => {
  const sorted = made.map(({ wait_ms }) => wait_ms).toSorted((a, b) => a - b);
  const rank = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
  return {
    count: sorted.length,
    median_ms: rank(50),
    p90_ms: rank(90),
    p99_ms: rank(99),
    max_ms: rank(100),
    delegated: made.filter(({ isDelegated }) => isDelegated).length,
  };
};
