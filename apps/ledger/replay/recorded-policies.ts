import { readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import { isKnownSemantics } from '#core/policy/decision-engines.js';
import { type IndexedPolicy, indexPolicy } from '#core/policy/index-policy.js';
import { type PolicyEvent, type PolicyRecorded, policyStream } from '#core/policy/policy.events.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import type { EventStore } from '#event-store/event-store.js';
import { sha256 } from '#sealing/sha256.js';
import { requireVersion, Unreplayable } from './unreplayable.js';

const POLICIES_MAX = 32;

/** Policies as they are on record, by digest; each is read and verified once, the latest few are kept. */
export class RecordedPolicies {
  private readonly known = new Map<Digest, Promise<IndexedPolicy>>();

  constructor(private readonly store: EventStore) {}

  /** @throws Unreplayable when it is not on record, is not what its digest says, or has unknown semantics */
  get(digest: Digest): Promise<IndexedPolicy> {
    const loading = this.known.get(digest) ?? this.load(digest);
    this.known.delete(digest);
    this.known.set(digest, loading);
    if (this.known.size > POLICIES_MAX) this.known.delete(this.known.keys().next().value as Digest);
    loading.catch((error: unknown) => {
      if (!(error instanceof Unreplayable)) this.known.delete(digest);
    });
    return loading;
  }

  private async load(digest: Digest): Promise<IndexedPolicy> {
    const events = await this.store.readStream(policyStream(digest));
    const recorded = events.find((event) => (event.type as PolicyEvent['type']) === 'PolicyRecorded');
    if (recorded?.attachment === undefined)
      throw new Unreplayable({ problem: `policy ${digest} is not in the ledger` });
    const entry = requireVersion(readEntry(recorded.entry));
    const { data, payload } = entry as unknown as PolicyRecorded;
    if (sha256(recorded.attachment) !== digest || data.digest !== digest || payload.commit !== digest)
      throw new Unreplayable({ problem: `the recorded policy is not ${digest}` });
    const bundle = JSON.parse(Buffer.from(recorded.attachment).toString('utf8')) as PolicyBundle;
    if (!isKnownSemantics(bundle.semantics))
      throw new Unreplayable({ engine: `policy semantics ${String(bundle.semantics)}` });
    return indexPolicy(bundle);
  }
}
