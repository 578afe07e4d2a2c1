import { approvalStream } from '#core/approval/approval.events.js';
import { callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import { CallFinder, type EvidenceQuery } from '#core/evidence/evidence-query.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import { policyStream } from '#core/policy/policy.events.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { HashList } from '#evidence/check-range.js';
import type { Completeness } from '#evidence/pack-format.js';
import { profileDigest } from '#policy-file/profile-digest.js';
import { sha256 } from '#sealing/sha256.js';
import { type ApprovalStory, type CallStory, type Placed, tellApproval, tellCall } from './call-story.js';
import { findRange } from './find-range.js';
import type { Disclosed, PackSources, StreamEntry } from './pack-sources.js';

/** Calls beyond these are in the pack and in its list, without a story in the report. */
export const REPORT_CALLS_MAX = 1_000;

/** With room below the limit of a zip for everything that is not the range. */
export const RANGE_BYTES_MAX = 3 * 1024 ** 3;
/** Length in its bundle, and leaf hash. */
const BESIDE_ENTRY_BYTES = 2 + 32;

export interface Opened {
  readonly event: string;
  readonly index: number;
  readonly commit: Digest;
  readonly salted: Uint8Array;
}

export interface Collected {
  readonly completeness: Completeness;
  /** Leaf hashes of the range. */
  readonly leaves: Uint8Array;
  /** Entries that stand outside the range and need proofs of their own, by index. */
  readonly singles: ReadonlyMap<number, Uint8Array>;
  readonly stories: readonly CallStory[];
  readonly approvals: ReadonlyMap<string, ApprovalStory>;
  readonly policies: ReadonlyMap<Digest, { readonly bytes: Uint8Array; readonly bundle: PolicyBundle }>;
  readonly profiles: ReadonlyMap<Digest, Uint8Array>;
  readonly engines: readonly string[];
  readonly opened: readonly Opened[];
}

/**
 * Runs the query and gathers what shows its answer.
 * @throws CountersignError not_found for an unknown call, evidence_too_large; what the sources throw
 */
export const collect = async (
  sources: PackSources,
  query: EvidenceQuery,
  disclose: readonly Disclosed[],
  size: number,
  range_bytes_max = RANGE_BYTES_MAX,
): Promise<Collected> => new Collector(sources, query, disclose, size, range_bytes_max).run();

class Collector {
  private readonly singles = new Map<number, Uint8Array>();
  private readonly leaves = new HashList();
  private readonly stories: CallStory[] = [];
  private readonly listed: Completeness['calls'][number][] = [];
  private readonly approvals = new Map<string, ApprovalStory>();
  private readonly policies = new Map<Digest, { bytes: Uint8Array; bundle: PolicyBundle }>();
  private readonly profiles = new Map<Digest, Uint8Array>();
  private readonly engines = new Set<string>();
  private readonly opened: Opened[] = [];
  private range: Completeness['range'] = null;

  constructor(
    private readonly sources: PackSources,
    private readonly query: EvidenceQuery,
    private readonly disclose: readonly Disclosed[],
    private readonly size: number,
    private readonly range_bytes_max: number,
  ) {}

  async run(): Promise<Collected> {
    const { call } = this.query;
    if (call === undefined) this.range = await findRange(this.sources, this.query, this.size);
    const ids = call === undefined ? await this.findCalls() : [call];
    for (const id of ids) await this.takeCall(id);
    return {
      completeness: { kind: call === undefined ? 'range' : 'call', range: this.range, calls: this.listed },
      leaves: this.leaves.bytes,
      singles: new Map([...this.singles].sort(([one], [other]) => one - other)),
      stories: this.stories,
      approvals: this.approvals,
      policies: this.policies,
      profiles: this.profiles,
      engines: [...this.engines].sort(),
      opened: this.opened,
    };
  }

  private async findCalls(): Promise<readonly string[]> {
    const finder = new CallFinder(this.query);
    const { from, to } = this.range ?? { from: 0, to: 0 };
    let range_bytes = 0;
    for await (const { bytes } of this.sources.entries(from, to)) {
      range_bytes += bytes.length + BESIDE_ENTRY_BYTES;
      if (range_bytes > this.range_bytes_max) throw new CountersignError('evidence_too_large');
      this.leaves.add(bytes);
      finder.add(readEntry(bytes));
    }
    return finder.found;
  }

  private async takeCall(id: string): Promise<void> {
    const entries = await this.sources.stream(callStream(id));
    if (entries.length === 0)
      throw new CountersignError('not_found', `no call ${id} in the log up to the last checkpoint`);
    const placed = this.take(entries);
    const story = tellCall(id, placed);
    if (this.query.call !== undefined) this.checkFilters(placed);
    for (const approval of story.approvals) await this.takeApproval(approval);
    this.listed.push({
      id,
      entries: story.entries,
      closed: story.closed,
      approvals: [...story.approvals]
        .sort()
        .map((approval) => ({ id: approval, entries: this.approvals.get(approval)?.entries ?? 0 })),
    });
    if (this.stories.length < REPORT_CALLS_MAX) this.stories.push(story);
    for (const engine of story.engines) this.engines.add(engine);
    for (const policy of story.policies) await this.takePolicy(policy);
    for (const profile of story.profiles) this.takeProfile(profile);
    for (const [nth, entry] of entries.entries()) await this.openEntry(entry, placed[nth] as Placed);
  }

  private checkFilters(placed: readonly Placed[]): void {
    const finder = new CallFinder(this.query);
    for (const { entry } of placed) finder.add(entry);
    if (finder.found.length === 0)
      throw new CountersignError('not_found', 'the call does not match the query');
  }

  private take(entries: readonly StreamEntry[]): readonly Placed[] {
    const { from, to } = this.range ?? { from: 0, to: 0 };
    return entries.map(({ index, bytes }) => {
      if (index < from || index >= to) this.singles.set(index, bytes);
      return { index, entry: readEntry(bytes) };
    });
  }

  private async takeApproval(id: string): Promise<void> {
    if (this.approvals.has(id)) return;
    this.approvals.set(id, tellApproval(id, this.take(await this.sources.stream(approvalStream(id)))));
  }

  private async takePolicy(digest: Digest): Promise<void> {
    if (this.policies.has(digest)) return;
    const entries = await this.sources.stream(policyStream(digest));
    const recorded = entries.find(({ bytes }) => readEntry(bytes).type === 'PolicyRecorded');
    const bytes = recorded?.attachment;
    if (recorded === undefined || bytes === undefined || sha256(bytes) !== digest)
      throw new CountersignError(
        'internal',
        `policy ${digest} decided a call and is not in the ledger as it was`,
      );
    this.take([recorded]);
    this.policies.set(digest, {
      bytes,
      bundle: JSON.parse(Buffer.from(bytes).toString('utf8')) as PolicyBundle,
    });
  }

  private takeProfile(digest: Digest): void {
    if (this.profiles.has(digest)) return;
    for (const { bundle } of this.policies.values())
      for (const profile of Object.values(bundle.masking))
        if (profileDigest(profile) === digest)
          this.profiles.set(digest, Buffer.from(canonicalJson(profile as unknown as Json)));
    if (!this.profiles.has(digest))
      throw new CountersignError('internal', `masking profile ${digest} is in no policy that decided`);
  }

  private async openEntry({ index, attachment }: StreamEntry, { entry }: Placed): Promise<void> {
    const { type, payload, id: event } = entry;
    const isAsked =
      (type === 'CallRequested' && this.disclose.includes('requests')) ||
      (type === 'ResultMasked' && this.disclose.includes('results'));
    if (!isAsked || attachment === undefined || payload === undefined) return;
    const salted = await this.sources.open(attachment, payload.commit);
    this.opened.push({ event, index, commit: payload.commit, salted });
  }
}
