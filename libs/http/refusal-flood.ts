/** Refusals recorded one by one in a second, for each code and door; what comes on top is counted. */
export const RECORDED_PER_S_MAX = 10;
const WINDOW_MS = 1_000;

export interface CountedRefusals {
  readonly code: string;
  readonly where: string;
  /** Refusals that have no event of their own. */
  readonly count: number;
  /** ISO 8601, of the first and the last of them. */
  readonly from: string;
  readonly until: string;
}

export interface RefusalFlood {
  /** Whether this refusal gets an event of its own. If not, it is counted and will be in the next `take`. */
  admit(code: string, where: string, now_ms: number): boolean;
  /** What was counted since the last time, one item a code and door. */
  take(): readonly CountedRefusals[];
  hasCounted(): boolean;
}

interface Window {
  readonly started_ms: number;
  admitted: number;
}

/**
 * Bounds what strangers can write into the ledger: anybody can be refused as often as they like, and each event costs
 * disk for ever. Codes and doors come from closed lists, so the maps stay small.
 */
export const createRefusalFlood = (): RefusalFlood => {
  const windows = new Map<string, Window>();
  const counted = new Map<string, CountedRefusals>();
  const keyOf = (code: string, where: string): string => `${code} ${where}`;
  const count = (code: string, where: string, now_ms: number): void => {
    const key = keyOf(code, where);
    const now = new Date(now_ms).toISOString();
    const before = counted.get(key);
    counted.set(key, { code, where, count: (before?.count ?? 0) + 1, from: before?.from ?? now, until: now });
  };
  return {
    admit: (code, where, now_ms) => {
      const key = keyOf(code, where);
      const open = windows.get(key);
      // A clock that was set back opens a new window instead of keeping the old one for long.
      const isOpen = open !== undefined && now_ms >= open.started_ms && now_ms - open.started_ms < WINDOW_MS;
      const window = isOpen ? open : { started_ms: now_ms, admitted: 0 };
      if (!isOpen) windows.set(key, window);
      if (window.admitted < RECORDED_PER_S_MAX) {
        window.admitted += 1;
        return true;
      }
      count(code, where, now_ms);
      return false;
    },
    take: () => {
      const taken = [...counted.values()];
      counted.clear();
      return taken;
    },
    hasCounted: () => counted.size > 0,
  };
};
