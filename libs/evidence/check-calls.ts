import type { ApprovalEvent } from '#core/approval/approval.events.js';
import type { CallEvent } from '#core/call/call.events.js';
import { type CallState, evolveCall, IllegalTransition, NO_CALL } from '#core/call/evolve-call.js';
import type { Entry } from '#core/evidence/entry.js';
import { CallFinder, CLOCK_MARGIN_MS, type EvidenceQuery, movedTime } from '#core/evidence/evidence-query.js';
import { knownEvent } from '#core/evidence/read-entry.js';
import type { Findings } from './finding.js';
import { COMPLETENESS, type Completeness, type ListedCall } from './pack-format.js';
import { textOf } from './read-json.js';

interface Followed {
  entries: number;
  state: CallState;
  readonly approvals: Set<string>;
  readonly granted: Set<string>;
  readonly underGrant: Set<string>;
}

const ofCall = (stream: string): string | undefined =>
  stream.startsWith('call-') ? stream.slice('call-'.length) : undefined;

/**
 * Reads the entries in the order of the log and tells whether the calls listed are what the query finds, each with its
 * whole stream. Names of policies and profiles that decided are collected on the way.
 */
export class CallChecks {
  readonly policies = new Set<string>();
  readonly profiles = new Set<string>();
  /** Streams of policies whose record is in the pack. */
  readonly recorded = new Set<string>();
  private readonly finder: CallFinder;
  private readonly calls: ReadonlyMap<string, Followed>;
  private readonly approvals = new Map<string, { entries: number; granted: boolean; uses: Set<string> }>();
  private readonly revisions = new Map<string, number>();
  private first: string | undefined;
  private last: string | undefined;
  private newest = '';

  constructor(
    private readonly findings: Findings,
    private readonly query: EvidenceQuery,
    private readonly said: Completeness,
    private readonly size: number,
  ) {
    this.finder = new CallFinder(query);
    this.calls = new Map(
      said.calls.map(({ id }) => [
        id,
        { entries: 0, state: NO_CALL, approvals: new Set(), granted: new Set(), underGrant: new Set() },
      ]),
    );
    for (const { id } of said.calls.flatMap((call) => call.approvals))
      this.approvals.set(`approval-${id}`, { entries: 0, granted: false, uses: new Set() });
  }

  add(index: number, entry: Entry): void {
    const { range, kind } = this.said;
    const isInRange = range !== null && index >= range.from && index < range.to;
    if (isInRange) this.inRange(index, entry);
    if (isInRange || kind === 'call') this.finder.add(entry);
    if (entry.type === 'PolicyRecorded') this.recorded.add(entry.stream);
    const id = ofCall(entry.stream);
    const call = id === undefined ? undefined : this.calls.get(id);
    if (call !== undefined) this.ofListed(index, entry, call);
    const approval = this.approvals.get(entry.stream);
    if (approval !== undefined) {
      this.follows(index, entry, approval.entries);
      approval.entries = entry.revision + 1;
      approval.granted ||= entry.type === 'ApprovalGranted';
      const event = knownEvent<ApprovalEvent>(entry);
      if (event?.type === 'GrantUsed') approval.uses.add(event.data.callId);
    }
  }

  /** What stands in no single entry. */
  finish(): void {
    this.checkListed();
    this.checkBounds();
    for (const call of this.said.calls) this.checkCall(call);
  }

  private inRange(index: number, entry: Entry): void {
    this.first ??= entry.time;
    this.last = entry.time;
    const known = this.revisions.get(entry.stream);
    if (known !== undefined) this.follows(index, entry, known);
    this.revisions.set(entry.stream, entry.revision + 1);
    if (this.newest !== '' && entry.time < movedTime(this.newest, -CLOCK_MARGIN_MS))
      this.findings.add(
        'back_dated',
        `entry ${index} says ${entry.time}, but stands behind one of ${this.newest}`,
        {
          index,
        },
      );
    if (entry.time > this.newest) this.newest = entry.time;
  }

  private follows(index: number, { stream, revision }: Entry, expected: number): void {
    if (revision !== expected)
      this.findings.add('stream_broken', `${stream}: revision ${expected} is missing, ${revision} is there`, {
        index,
      });
  }

  private ofListed(index: number, entry: Entry, call: Followed): void {
    this.follows(index, entry, call.entries);
    call.entries = entry.revision + 1;
    // Types and versions that this verifier does not know change nothing it knows of.
    const event = knownEvent<CallEvent>(entry);
    if (event === undefined) return;
    try {
      call.state = evolveCall(call.state, event);
    } catch (error) {
      if (!(error instanceof IllegalTransition)) throw error;
      this.findings.add('stream_broken', `${entry.stream}: ${error.message}`, { index });
    }
    this.collect(event, call);
  }

  private collect(event: CallEvent, { approvals, granted, underGrant }: Followed): void {
    switch (event.type) {
      case 'HoldEnded':
        if (event.data.because === 'granted') granted.add(event.data.approvalId);
        return;
      case 'CallHeld':
        approvals.add(event.data.approvalId);
        return;
      case 'ForwardIntended':
        if (event.data.approvalId !== null) approvals.add(event.data.approvalId);
        if (event.data.approvalId !== null && event.data.grantKey !== undefined) {
          granted.add(event.data.approvalId);
          underGrant.add(event.data.approvalId);
        }
        return;
      case 'CallDecided':
      case 'InputRequested':
        this.policies.add(textOf(event.data.policyDigest));
        this.addProfile(event.data.profileDigest);
        return;
      case 'ResultMasked':
      case 'MessageReleased':
        this.addProfile(event.data.profileDigest);
        return;
      default:
        return;
    }
  }

  private addProfile(digest: string | null): void {
    if (digest !== null) this.profiles.add(textOf(digest));
  }

  private checkListed(): void {
    const found = this.finder.found;
    const listed = new Set(this.said.calls.map(({ id }) => id));
    const missing = found.find((id) => !listed.has(id));
    const matching = new Set(found);
    const surplus = this.said.calls.find(({ id }) => !matching.has(id));
    if (missing !== undefined) this.incomplete(`call ${missing} matches the query and is not listed`);
    else if (surplus !== undefined)
      this.incomplete(`call ${surplus.id} is listed and does not match the query`);
    else if (this.said.calls.some(({ id }, nth) => id !== found[nth]))
      this.incomplete('the calls are not listed in the order of the log');
  }

  /** The entries reach over both ends of the time asked for, or to the ends of the log. */
  private checkBounds(): void {
    const { range } = this.said;
    if (range === null) return;
    const { from, to } = this.query;
    const early = from === undefined ? undefined : movedTime(from, -CLOCK_MARGIN_MS);
    const late = to === undefined ? undefined : movedTime(to, CLOCK_MARGIN_MS);
    const beginsBefore = early !== undefined && this.first !== undefined && this.first < early;
    const endsBehind = late !== undefined && this.last !== undefined && this.last >= late;
    if (range.from > 0 && !beginsBefore)
      this.incomplete('the entries do not begin before the time asked for', range.from);
    if (range.to < this.size && !endsBehind)
      this.incomplete('the entries do not reach behind the time asked for', range.to);
  }

  private checkCall({ id, entries, closed, approvals }: ListedCall): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    if (call.entries !== entries)
      this.incomplete(`call ${id} has ${entries} entries by the list, ${call.entries} are there`);
    if ((call.state.kind === 'ended') !== closed)
      this.incomplete(`call ${id} is ${closed ? 'listed as ended and has not' : 'ended and not listed so'}`);
    const listed = approvals.map((approval) => approval.id);
    if ([...call.approvals].sort().join() !== listed.sort().join())
      this.incomplete(`call ${id} names other approvals than the list`);
    for (const approval of approvals) {
      const found = this.approvals.get(`approval-${approval.id}`);
      if (found?.entries !== approval.entries)
        this.incomplete(
          `approval ${approval.id} has ${approval.entries} entries by the list, ${found?.entries ?? 0} are there`,
        );
      if (call.granted.has(approval.id) && found?.granted !== true)
        this.incomplete(`call ${id} went on as granted, and approval ${approval.id} was not`);
      if (call.underGrant.has(approval.id) && found?.uses.has(id) !== true)
        this.incomplete(`call ${id} ran under approval ${approval.id} without a use on record`);
    }
  }

  private incomplete(message: string, index?: number): void {
    this.findings.add('incomplete', message, {
      file: COMPLETENESS,
      ...(index === undefined ? {} : { index }),
    });
  }
}
