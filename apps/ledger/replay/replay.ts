import type { Bus } from '#bus/bus.js';
import { maskingOpen, maskingReplay } from '#contracts/masking.js';
import {
  type CallDecided,
  type CallRequested,
  type InputRequested,
  type ResultMasked,
  recordedDecision,
} from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json, type JsonObject } from '#core/evidence/canonical-json.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import { decidePolicy } from '#core/policy/decide-policy.js';
import { type IndexedPolicy, indexPolicy } from '#core/policy/index-policy.js';
import { type PolicyEvent, policyStream } from '#core/policy/policy.events.js';
import type { Decision, MaskingProfile, PolicyBundle } from '#core/policy/policy.types.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import { profileDigest as digestOfProfile } from '#policy-file/profile-digest.js';
import { sha256 } from '#sealing/sha256.js';
import { decisionInput } from './decision-input.js';

export interface ReplayRange {
  readonly call?: string;
  readonly from?: string;
  readonly to?: string;
  /** Decide with this bundle instead of the recorded one; maskings are not replayed then. */
  readonly with?: PolicyBundle;
}

export interface Difference {
  readonly callId: string;
  readonly eventId: string;
  readonly what: 'decision' | 'masking';
  readonly recorded: Json;
  readonly replayed: Json;
}

export interface ReplayReport {
  readonly checked: number;
  readonly identical: number;
  readonly different: readonly Difference[];
}

const TYPES = ['CallRequested', 'CallDecided', 'InputRequested', 'CallReturned', 'ResultMasked'];
const PAGE = 500;
/** Requests and originals remembered while their call goes on; older ones are read again from their stream. */
const REMEMBERED_MAX = 2_000;

/** Re-executes recorded decisions and maskings from their recorded inputs and compares bytes (promise G7). Touches no upstream. */
export class Replay {
  private readonly policies = new Map<Digest, Promise<IndexedPolicy>>();
  private readonly remembered = new Map<string, StoredEvent>();
  private readonly profiles = new Map<string, MaskingProfile | null>();

  constructor(
    private readonly store: EventStore,
    private readonly bus: Bus,
  ) {}

  async run(range: ReplayRange): Promise<ReplayReport> {
    const whatIf = range.with === undefined ? undefined : indexPolicy(range.with);
    const different: Difference[] = [];
    let checked = 0;
    for await (const stored of this.events(range)) {
      const difference = await this.check(stored, whatIf);
      if (difference === 'not checked') continue;
      checked += 1;
      if (difference !== 'identical') different.push(difference);
    }
    return { checked, identical: checked - different.length, different };
  }

  private async check(
    stored: StoredEvent,
    whatIf: IndexedPolicy | undefined,
  ): Promise<Difference | 'identical' | 'not checked'> {
    if (stored.type === 'CallDecided' || stored.type === 'InputRequested')
      return this.checkDecision(stored, whatIf);
    if (stored.type === 'ResultMasked' && whatIf === undefined) return this.checkMasking(stored);
    this.remember(stored);
    return 'not checked';
  }

  private async checkDecision(
    stored: StoredEvent,
    whatIf: IndexedPolicy | undefined,
  ): Promise<Difference | 'identical'> {
    const entry = readEntry(stored.entry);
    const { data } = asEvent<CallDecided | InputRequested>(entry);
    const decision = await this.decideAgain(stored, whatIf);
    if (whatIf === undefined && stored.type === 'CallDecided')
      this.keepProfile(stored.stream, decision.profile);
    const recorded = { decision: data.decision, profileDigest: data.profileDigest } as unknown as Json;
    const profileDigest = decision.profile === null ? null : digestOfProfile(decision.profile);
    const replayed = { decision: recordedDecision(decision), profileDigest } as unknown as Json;
    if (canonicalJson(recorded) === canonicalJson(replayed)) return 'identical';
    return { callId: entry.correlation, eventId: entry.id, what: 'decision', recorded, replayed };
  }

  /** The decision of recorded inputs: params, caller facts and clock from the call, the bundle by its digest. */
  private async decideAgain(stored: StoredEvent, whatIf?: IndexedPolicy): Promise<Decision> {
    const request = await this.before(stored, 'CallRequested');
    const requested = asEvent<CallRequested>(readEntry(request.entry));
    const decided = asEvent<CallDecided | InputRequested>(readEntry(stored.entry));
    const params = await this.open(decided.type === 'InputRequested' ? stored : request);
    const policy = whatIf ?? (await this.policy(decided.data.policyDigest));
    return decidePolicy(policy, decisionInput(decided, requested.data, params));
  }

  private async open({ stream, type, entry, attachment }: StoredEvent): Promise<JsonObject> {
    const commit = readEntry(entry).payload?.commit;
    if (attachment === undefined || commit === undefined)
      throw new CountersignError('internal', `${type} of ${stream} has no payload`);
    const { bytes } = await this.bus.request(maskingOpen, { sealed: attachment, commit, purpose: 'replay' });
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
  }

  private async checkMasking(stored: StoredEvent): Promise<Difference | 'identical'> {
    const entry = readEntry(stored.entry);
    const masked = asEvent<ResultMasked>(entry);
    const original = await this.before(stored, 'CallReturned');
    const commit = readEntry(original.entry).payload?.commit;
    if (original.attachment === undefined || stored.attachment === undefined || commit === undefined) {
      throw new CountersignError('internal', `${stored.stream} lacks a payload`);
    }
    const { identical, difference } = await this.bus.request(maskingReplay, {
      original: { sealed: original.attachment, commit },
      masked: { sealed: stored.attachment, commit: masked.payload.commit },
      surface: masked.data.surface,
      profile: await this.profileOf(stored),
      engine: masked.data.engine,
    });
    if (identical) return 'identical';
    return {
      callId: entry.correlation,
      eventId: entry.id,
      what: 'masking',
      recorded: masked.data as unknown as Json,
      replayed: difference ?? null,
    };
  }

  /** The masking profile that the call's last decision gave, from the bundle of its time. */
  private async profileOf(stored: StoredEvent): Promise<MaskingProfile | null> {
    const known = this.profiles.get(stored.stream);
    if (known !== undefined) return known;
    const decided = await this.before(stored, 'CallDecided');
    const { profile } = await this.decideAgain(decided);
    return this.keepProfile(stored.stream, profile);
  }

  private keepProfile(stream: string, profile: MaskingProfile | null): MaskingProfile | null {
    this.profiles.set(stream, profile);
    if (this.profiles.size > REMEMBERED_MAX) this.profiles.delete(this.profiles.keys().next().value ?? '');
    return profile;
  }

  private async *events({ call, from, to }: ReplayRange): AsyncIterable<StoredEvent> {
    const wanted = (stored: StoredEvent): boolean => {
      if (from === undefined && to === undefined) return true;
      const { time } = readEntry(stored.entry);
      return (from === undefined || time >= from) && (to === undefined || time < to);
    };
    if (call !== undefined) {
      const events = await this.store.readStream(`call-${call}`);
      if (events.length === 0) throw new CountersignError('not_found', `no call ${call}`);
      yield* events.filter((event) => TYPES.includes(event.type));
      return;
    }
    let after: bigint | undefined;
    for (;;) {
      const page = await this.store.readAll({
        limit: PAGE,
        types: TYPES,
        ...(after === undefined ? {} : { after }),
      });
      yield* page.events.filter(wanted);
      if (page.scannedTo === undefined || page.scannedTo === after) return;
      after = page.scannedTo;
    }
  }

  private remember(stored: StoredEvent): void {
    this.remembered.set(`${stored.stream}/${stored.type}`, stored);
    if (this.remembered.size > REMEMBERED_MAX)
      this.remembered.delete(this.remembered.keys().next().value ?? '');
  }

  /** The last event of a type before this one in its stream. */
  private async before(stored: StoredEvent, type: string): Promise<StoredEvent> {
    const known = type === 'CallDecided' ? undefined : this.remembered.get(`${stored.stream}/${type}`);
    if (known !== undefined) return known;
    const found = (await this.store.readStream(stored.stream)).findLast(
      (event) => event.type === type && event.revision < stored.revision,
    );
    if (found === undefined) throw new CountersignError('internal', `${stored.stream} has no ${type}`);
    return found;
  }

  private policy(digest: Digest): Promise<IndexedPolicy> {
    const known = this.policies.get(digest);
    if (known !== undefined) return known;
    const loading = this.loadPolicy(digest);
    this.policies.set(digest, loading);
    loading.catch(() => this.policies.delete(digest));
    return loading;
  }

  private async loadPolicy(digest: Digest): Promise<IndexedPolicy> {
    const events = await this.store.readStream(policyStream(digest));
    const recorded = events.find((event) => (event.type as PolicyEvent['type']) === 'PolicyRecorded');
    if (recorded?.attachment === undefined)
      throw new CountersignError('not_found', `policy ${digest} is not in the ledger`);
    if (sha256(recorded.attachment) !== digest)
      throw new CountersignError('internal', `the recorded policy is not ${digest}`);
    return indexPolicy(JSON.parse(Buffer.from(recorded.attachment).toString('utf8')) as PolicyBundle);
  }
}
