import type { CallDecided, CallRequested } from '../call/call.events.js';
import type { Entry } from './entry.js';
import { knownEvent } from './read-entry.js';

/** Which calls an evidence pack is about. Absent members do not restrict; times as entries have them (RFC 3339, UTC, ms). */
export interface EvidenceQuery {
  readonly call?: string;
  readonly principal?: string;
  readonly agent?: string;
  readonly method?: string;
  readonly server?: string;
  readonly tool?: string;
  /** Of the first decision: it stands behind the request in the same append, a later one may be anywhere. */
  readonly decision?: string;
  readonly rule?: string;
  /** Inclusive, of the time of CallRequested. */
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
}

/**
 * How far the time an entry says may be from its place in the log: requests end within seconds, and the clocks of all
 * services are kept within this. Ranges are wider by it on both sides; more than this is a finding.
 */
export const CLOCK_MARGIN_MS = 5 * 60_000;

/** The time moved by milliseconds, in the form of entries. */
export const movedTime = (time: string, by_ms: number): string =>
  new Date(Date.parse(time) + by_ms).toISOString();

type OtherEvent = { readonly type: '' };

/**
 * Runs a query over entries in the order of the log. The exporter and every verifier run this same function over the
 * same entries, so that "these are all" can be checked.
 */
export class CallFinder {
  private readonly calls: string[] = [];
  private readonly undecided = new Set<string>();

  constructor(private readonly query: EvidenceQuery) {}

  add(entry: Entry): void {
    if (!entry.stream.startsWith('call-')) return;
    const id = entry.stream.slice('call-'.length);
    // What only a newer release can read is for its own exporter and verifier to find.
    const event = knownEvent<CallRequested | CallDecided | OtherEvent>(entry);
    if (event?.type === 'CallRequested') this.requested(id, entry.time, event);
    if (event?.type === 'CallDecided' && this.undecided.delete(id)) this.decided(id, event);
  }

  /** Ids of the calls found, in the order of their requests. */
  get found(): readonly string[] {
    return this.calls;
  }

  private requested(id: string, time: string, { data }: CallRequested): void {
    const { call, principal, agent, method, server, tool, decision, rule, from, to } = this.query;
    const fits =
      is(call, id) &&
      is(principal, data.caller.principal) &&
      is(agent, data.agent?.name) &&
      is(method, data.method ?? 'tools/call') &&
      is(server, data.server) &&
      is(tool, data.tool) &&
      (from === undefined || time >= from) &&
      (to === undefined || time < to);
    if (!fits) return;
    if (decision === undefined && rule === undefined) this.calls.push(id);
    else this.undecided.add(id);
  }

  private decided(id: string, { data }: CallDecided): void {
    const { decision, rule } = this.query;
    const { effect, rules } = data.decision;
    if (is(decision, effect) && (rule === undefined || rules.includes(rule))) this.calls.push(id);
  }
}

const is = (wanted: string | undefined, found: string | undefined): boolean =>
  wanted === undefined || wanted === found;
