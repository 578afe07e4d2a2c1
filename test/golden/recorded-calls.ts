import { randomUUID } from 'node:crypto';
import { callStream, recordedDecision } from '#core/call/call.events.js';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import { canonicalJson, type Json, type JsonObject } from '#core/evidence/canonical-json.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { MASKING_ENGINE, maskBody } from '#core/masking/mask-body.js';
import { countsByKind, maskedPayload } from '#core/masking/masked-payload.js';
import { decidePolicy } from '#core/policy/decide-policy.js';
import { type IndexedPolicy, indexPolicy } from '#core/policy/index-policy.js';
import { policyStream } from '#core/policy/policy.events.js';
import type { MaskingProfile } from '#core/policy/policy.types.js';
import type { EventStore } from '#event-store/event-store.js';
import { type PolicyFile, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { profileDigest } from '#policy-file/profile-digest.js';
import type { Sealer } from '#sealing/sealer.js';

/** Appends under way at once: the store puts them into few transactions. */
const AT_ONCE = 400;
const GROUPS = [['BANK-RISK-ANALYST'], ['BANK-DATA-ENG'], ['BANK-RISK-ANALYST', 'BANK-DATA-MGR'], ['NOBODY']];
const TOOLS = ['get_customer', 'query_customers', 'transfer_funds'];
const ACTOR = { kind: 'service', service: 'ingress', instance: 'nightly' } as const;

/** Records calls as the gateway does, with the same functions and without anything upstream. */
export const recordCalls = async (
  store: EventStore,
  sealer: Sealer,
  policyText: string,
  count: number,
): Promise<void> => {
  const policy = parsePolicyFile(policyText, 'policy.yaml');
  await recordPolicy(store, policy);
  const recorder = { store, sealer, policy, indexed: indexPolicy(policy.bundle) };
  for (let first = 0; first < count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - first);
    await Promise.all(Array.from({ length: size }, (_, index) => recordCall(recorder, first + index)));
  }
};

interface Recorder {
  readonly store: EventStore;
  readonly sealer: Sealer;
  readonly policy: PolicyFile;
  readonly indexed: IndexedPolicy;
}

const recordPolicy = async (store: EventStore, { bundle, digest }: PolicyFile): Promise<void> => {
  const attachment = Buffer.from(canonicalJson(bundle as unknown as Json));
  const payload = { commit: digest, bytes: attachment.length };
  const data = { digest, name: bundle.name, semantics: bundle.semantics };
  const event = { type: 'PolicyRecorded', v: 1, data, payload };
  const stream = policyStream(digest);
  const command = buildAppend(contextOf(stream, digest, 0), [{ event, attachment }]);
  await store.append(stream, -1, command.events);
};

const contextOf = (stream: string, correlation: string, at: number) => ({
  stream,
  expected: -1,
  time: timeOf(at),
  actor: ACTOR,
  correlation,
  causation: correlation,
  newId: randomUUID,
});

const timeOf = (at: number): string => new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString();

const recordCall = async (recorder: Recorder, at: number): Promise<void> => {
  const id = randomUUID();
  const stream = callStream(id);
  const command = buildAppend(contextOf(stream, id, at), eventsOf(recorder, at));
  await recorder.store.append(stream, -1, command.events);
};

const eventsOf = ({ sealer, policy, indexed }: Recorder, at: number): readonly EventToRecord[] => {
  const groups = GROUPS[at % GROUPS.length] as readonly string[];
  const tool = TOOLS[at % TOOLS.length] as string;
  const args = { customer_id: `C-${1_000 + (at % 5_000)}`, limit: at % 50 };
  const now = timeOf(at);
  const sealed = (type: string, data: object, bytes: Uint8Array): EventToRecord => {
    const { sealed: attachment, payload } = sealer.seal(bytes);
    return { event: { type, v: 1, data: data as JsonObject, payload }, attachment };
  };
  const plain = (type: string, data: object): EventToRecord => ({
    event: { type, v: 1, data: data as JsonObject } satisfies DomainEvent,
  });
  const decision = decidePolicy(indexed, {
    groups,
    kind: 'tool',
    server: 'core-banking',
    tool,
    args,
    token: {},
    now,
  });
  const { profile } = decision;
  const digest = profile === null ? null : profileDigest(profile);
  const caller = {
    principal: `p-${at % 97}`,
    issuer: 'i',
    subject: `s-${at % 97}`,
    client: 'c',
    groups,
    token: {},
  };
  const request = {
    agent: null,
    caller,
    endpoint: 'core-banking',
    protocol: '2025-11-25',
    server: 'core-banking',
  };
  const before = [
    sealed('CallRequested', { ...request, tool, toolDigest: null }, bytesOf({ arguments: args, name: tool })),
    plain('CallDecided', {
      decision: recordedDecision(decision),
      groups,
      now,
      policyDigest: policy.digest,
      profileDigest: digest,
      token: {},
    }),
  ];
  if (decision.effect !== 'allow')
    return [...before, plain('CallDenied', { code: 'call_denied', reason: '' })];
  const result = bytesOf(resultOf(at));
  const { masked, findings, blocked } = maskBody(result, 'result', profile as MaskingProfile);
  const counts = countsByKind(findings);
  const masking = { blocked, counts, engine: MASKING_ENGINE, profileDigest: digest, surface: 'result' };
  return [
    ...before,
    plain('ForwardIntended', {
      approvalId: null,
      deadline_ms: 1_000,
      instance: 'nightly',
      server: 'core-banking',
    }),
    sealed('CallReturned', { elapsed_us: 1_000, kind: 'result' }, result),
    sealed('ResultMasked', masking, maskedPayload(findings, masked)),
    plain('CallCompleted', { outcome: 'result' }),
  ];
};

const bytesOf = (value: Json): Uint8Array => Buffer.from(canonicalJson(value));

const resultOf = (at: number): JsonObject => {
  const customer = {
    id: `C-${at}`,
    email: `person${at}@example.com`,
    ssn: `${100 + (at % 600)}-${10 + (at % 80)}-${1_000 + (at % 8_000)}`,
    notes: `Called about account ${10_000_000 + at}; write to person${at}@example.com.`,
  };
  return { content: [{ type: 'text', text: JSON.stringify(customer) }], structuredContent: { customer } };
};
