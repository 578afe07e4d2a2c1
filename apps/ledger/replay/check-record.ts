import type { Bus } from '#bus/bus.js';
import {
  type CallDecided,
  type CallRequested,
  type CallReturned,
  type InputRequested,
  type MessageReleased,
  type ResultMasked,
  recordedDecision,
} from '#core/call/call.events.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import { asEvent } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import { decisionEngine } from '#core/policy/decision-engines.js';
import type { IndexedPolicy } from '#core/policy/index-policy.js';
import type { Decision, MaskingProfile } from '#core/policy/policy.types.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import { profileDigest as digestOfProfile } from '#policy-file/profile-digest.js';
import { type CallContext, CallContexts } from './call-contexts.js';
import { decisionInput } from './decision-input.js';
import { MaskingBatch } from './masking-batch.js';
import { ask, openParams, type Read, readKnown, sealedOf } from './opened-records.js';
import { RecordedPolicies } from './recorded-policies.js';
import type { Checked, Replayed, Verdict } from './report.js';
import { Unreplayable } from './unreplayable.js';

const CHECKS: { readonly [type: string]: Replayed } = {
  CallDecided: 'decision',
  InputRequested: 'decision',
  ResultMasked: 'masking',
  MessageReleased: 'message',
};

export const DECISION_TYPES = ['CallRequested', 'CallDecided', 'InputRequested'];
export const MASKING_TYPES = ['CallReturned', 'ResultMasked', 'MessageReleased'];

/** Runs single records again from what is recorded before them in their call, and compares byte for byte (promise G7). */
export class RecordChecks {
  private readonly contexts: CallContexts;
  private readonly policies: RecordedPolicies;
  private readonly masking: MaskingBatch;

  constructor(
    store: EventStore,
    bus: Bus,
    /** Decides instead of the recorded policy. */
    private readonly whatIf: IndexedPolicy | undefined,
  ) {
    this.contexts = new CallContexts(store);
    this.policies = new RecordedPolicies(store);
    this.masking = new MaskingBatch(bus);
  }

  /** To be told of every event in the order of the log. Undefined when there is nothing to run again. */
  start(stored: StoredEvent, isWanted: boolean): Promise<Checked> | undefined {
    this.contexts.note(stored);
    const what = CHECKS[stored.type];
    if (what === undefined || !isWanted) return undefined;
    const context = this.contexts.now(stored.stream);
    // Nothing is masked for a call once its answer is.
    if (stored.type === 'ResultMasked') this.contexts.forget(stored.stream);
    return this.check(stored, what, context);
  }

  private async check(stored: StoredEvent, what: Replayed, context: CallContext): Promise<Checked> {
    const about = { callId: stored.stream.slice('call-'.length), eventId: stored.id, what };
    return { ...about, verdict: await this.verdict(stored, what, context) };
  }

  private async verdict(stored: StoredEvent, what: Replayed, noted: CallContext): Promise<Verdict> {
    let recorded: Json = null;
    try {
      const record = readKnown(stored, stored.type);
      recorded = comparable(record);
      const context = await this.complete(stored, noted);
      const replayed =
        what === 'decision' ? await this.decision(record, context) : await this.masked(record, what, context);
      return canonicalJson(recorded) === canonicalJson(replayed)
        ? { verdict: 'identical' }
        : { verdict: 'different', recorded, replayed };
    } catch (error) {
      if (error instanceof Unreplayable) return error.verdict(recorded);
      if (!isOfTheRecord(error)) throw error;
      const problem = `the record cannot be read (${error.name})`;
      return { verdict: 'different', recorded, replayed: { problem } };
    }
  }

  /** With what was forgotten, or lies before the run. */
  private async complete(stored: StoredEvent, context: CallContext): Promise<CallContext> {
    const { requested, decided, returned } = context;
    const lacks =
      requested === undefined ||
      decided === undefined ||
      (stored.type === 'ResultMasked' && returned === undefined);
    return lacks ? this.contexts.before(stored) : context;
  }

  private async decision(record: Read, context: CallContext): Promise<Json> {
    const deciding = this.decide(record, context);
    if (context.decided?.stored.id === record.stored.id) {
      context.decided.again = deciding;
      deciding.catch(() => undefined);
    }
    const decision = await deciding;
    return {
      decision: recordedDecision(decision) as unknown as Json,
      profileDigest: digestOf(decision.profile),
    };
  }

  /** The decision of recorded inputs: params, caller facts and clock from the call, the bundle by its digest. */
  private async decide(record: Read, context: CallContext): Promise<Decision> {
    const { data } = asEvent<CallDecided | InputRequested>(record.entry);
    const engine = decisionEngine(data.decision.engine);
    if (engine === undefined) throw new Unreplayable({ engine: data.decision.engine });
    const request = readKnown(context.requested, 'CallRequested');
    const requested = asEvent<CallRequested>(request.entry);
    const policy = this.whatIf ?? (await this.policies.get(data.policyDigest));
    const params = await openParams(this.masking, record.entry.type === 'InputRequested' ? record : request);
    const decided = asEvent<CallDecided | InputRequested>(record.entry);
    return engine(policy, decisionInput(decided, requested.data, params));
  }

  private async masked(record: Read, what: Replayed, context: CallContext): Promise<Json> {
    const { profile } = await this.lastDecision(context);
    return what === 'masking'
      ? this.maskedResult(record, profile, context)
      : this.maskedMessage(record, profile);
  }

  /** The call's last decision, run again: it gave the masking profile. */
  private lastDecision(context: CallContext): Promise<Decision> {
    const decided = readKnown(context.decided?.stored, 'CallDecided');
    const again = context.decided?.again ?? this.decide(decided, context);
    if (context.decided !== undefined) context.decided.again = again;
    return again;
  }

  private async maskedResult(
    record: Read,
    profile: MaskingProfile | null,
    { returned }: CallContext,
  ): Promise<Json> {
    const { engine } = asEvent<ResultMasked>(record.entry).data;
    const original = readKnown(returned, 'CallReturned');
    const surface = asEvent<CallReturned>(original.entry).data.kind;
    const payloads = { original: sealedOf(original), masked: sealedOf(record) };
    const item = { do: 'mask', ...payloads, surface, profile, engine } as const;
    const again = await ask(this.masking, item);
    if (again.verdict !== 'masked') throw new TypeError('masking did not answer what it was asked');
    const { blocked, counts, identical } = again;
    return { blocked, counts, engine, payload: identical, profileDigest: digestOf(profile), surface };
  }

  /** Of messages only the original and what was found in it are on record. */
  private async maskedMessage(record: Read, profile: MaskingProfile | null): Promise<Json> {
    const { engine } = asEvent<MessageReleased>(record.entry).data;
    const item = { do: 'mask', original: sealedOf(record), masked: null, profile, engine } as const;
    const again = await ask(this.masking, { ...item, surface: 'arguments' });
    if (again.verdict !== 'masked') throw new TypeError('masking did not answer what it was asked');
    return { blocked: again.blocked, counts: again.counts, engine, profileDigest: digestOf(profile) };
  }
}

/** What a malformed record makes of the code that reads it. Its message may say what the record says, and is not shown. */
const isOfTheRecord = (error: unknown): error is Error =>
  error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError;

const digestOf = (profile: MaskingProfile | null): Digest | null =>
  profile === null ? null : digestOfProfile(profile);

/** What is compared of a record: all that replaying gives again. `payload`: findings and masked bytes are the same. */
const comparable = ({ entry }: Read): Json => {
  const { type } = entry;
  if (type === 'ResultMasked') {
    const { blocked, counts, engine, profileDigest, surface } = asEvent<ResultMasked>(entry).data;
    return { blocked, counts, engine, payload: true, profileDigest, surface };
  }
  if (type === 'MessageReleased') {
    const { blocked, counts, engine, profileDigest } = asEvent<MessageReleased>(entry).data;
    return { blocked, counts, engine, profileDigest };
  }
  const { decision, profileDigest } = asEvent<CallDecided | InputRequested>(entry).data;
  return { decision: decision as unknown as Json, profileDigest };
};
