import type { JsonObject } from '#core/evidence/canonical-json.js';
import type {
  ChangeGroup,
  Checked,
  DecidedAs,
  Difference,
  ReasonGroup,
  ReplayCounts,
  ReplaySummary,
} from './report.js';

export const DIFFERENCES_LISTED_MAX = 500;
const GROUPS_MAX = 1_000;
const CALLS_NAMED_MAX = 5;
/** Joins what comes after GROUPS_MAX groups: counted, no longer told apart. */
const OTHERS = 'others';

class Groups {
  private readonly groups = new Map<string, { count: number; readonly calls: string[] }>();

  add(key: string, callId: string): void {
    const name = this.groups.has(key) || this.groups.size < GROUPS_MAX ? key : OTHERS;
    const group = this.groups.get(name) ?? { count: 0, calls: [] };
    group.count += 1;
    if (group.calls.length < CALLS_NAMED_MAX && group.calls.at(-1) !== callId) group.calls.push(callId);
    this.groups.set(name, group);
  }

  /** Largest first. */
  list(): readonly ReasonGroup[] {
    return [...this.groups]
      .map(([reason, group]) => ({ reason, ...group }))
      .sort((a, b) => b.count - a.count);
  }
}

/** What a run has found so far. Its size is bounded, however long the run: it counts all and lists the first. */
export class Tally {
  private readonly counted = { identical: 0, different: 0, unknown_engine: 0, payload_erased: 0 };
  private readonly listed: Difference[] = [];
  private readonly unknown = new Groups();
  private readonly erased = new Groups();
  private readonly changed = new Groups();

  /** With `whatIf` differences are grouped by their rules. */
  constructor(private readonly whatIf: boolean) {}

  /** Answers the difference when it is one of those that are listed. */
  add({ callId, eventId, what, verdict }: Checked): Difference | undefined {
    this.counted[verdict.verdict] += 1;
    if (verdict.verdict === 'unknown_engine') this.unknown.add(verdict.engine, callId);
    if (verdict.verdict === 'payload_erased') this.erased.add(verdict.kid, callId);
    if (verdict.verdict !== 'different') return undefined;
    const { recorded, replayed } = verdict;
    if (this.whatIf) this.changed.add(JSON.stringify([decidedAs(recorded), decidedAs(replayed)]), callId);
    if (this.listed.length >= DIFFERENCES_LISTED_MAX) return undefined;
    const difference = { callId, eventId, what, recorded, replayed };
    this.listed.push(difference);
    return difference;
  }

  get counts(): ReplayCounts {
    return { ...this.counted };
  }

  get checked(): number {
    return Object.values(this.counted).reduce((sum, count) => sum + count, 0);
  }

  summary(next: string | null): ReplaySummary {
    return {
      checked: this.checked,
      identical: this.counted.identical,
      different: this.listed,
      counts: this.counts,
      unknown_engine: this.unknown.list(),
      payload_erased: this.erased.list(),
      ...(this.whatIf ? { changes: this.changed.list().map(changeOf) } : {}),
      next,
    };
  }
}

const decidedAs = (data: unknown): DecidedAs => {
  const { decision, profileDigest } = data as JsonObject;
  const { effect = 'unknown', rules = [] } = (decision ?? {}) as {
    effect?: string;
    rules?: readonly string[];
  };
  return { effect, rules, masked: typeof profileDigest === 'string' };
};

const NOT_TOLD_APART: DecidedAs = { effect: OTHERS, rules: [], masked: false };

const changeOf = ({ reason, count, calls }: ReasonGroup): ChangeGroup => {
  const [from, to] =
    reason === OTHERS ? [NOT_TOLD_APART, NOT_TOLD_APART] : (JSON.parse(reason) as [DecidedAs, DecidedAs]);
  return { from, to, count, calls };
};
