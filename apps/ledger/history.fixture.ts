import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '#bus/bus.js';
import { maskingOpen, maskingReplay, type ReplayItem } from '#contracts/masking.js';
import type { ApprovalEvent } from '#core/approval/approval.events.js';
import type { CallEvent } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { DomainEvent, PayloadCommitment } from '#core/evidence/entry.js';
import type { Digest } from '#core/hash.js';
import { ACTIVATION_STREAM, type PolicyEvent, policyStream } from '#core/policy/policy.events.js';
import type { EventStore } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { type PolicyFile, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { loadOrCreateSealingKey } from '#sealing/file-keys.js';
import { createOpener } from '#sealing/opener.js';
import { createSealer } from '#sealing/sealer.js';

/** As the store, but what is appended to one stream gets lost. */
export const losing = (store: EventStore, lost: string): EventStore => ({
  ...store,
  readStream: store.readStream.bind(store),
  append: async (stream, expected, events) => {
    if (stream === lost) throw new Error('away');
    return store.append(stream, expected, events);
  },
});

/** An event in a few words; `sealed` becomes its payload. */
export interface Sketch {
  readonly type: CallEvent['type'] | ApprovalEvent['type'] | PolicyEvent['type'] | 'FutureThing';
  /** Default: 1. */
  readonly v?: number;
  readonly data?: object;
  readonly sealed?: Json;
  /** What the entry says of a payload that the test attaches itself. */
  readonly payload?: PayloadCommitment;
}

/** A store in a folder of its own, with the key that seals, and a bus on which masking opens what is sealed. */
export interface History {
  readonly store: EventStore;
  readonly bus: Bus;
  readonly folder: string;
  /** When events are recorded; a test may move it. */
  readonly clock: { time: string };
  /** An append as a service sends it; the correlation is the id in the name of the stream. */
  append(stream: string, expected: number, ...events: readonly Sketch[]): AppendCommand;
  /** The same, stored without anybody's check. */
  record(stream: string, expected: number, ...events: readonly Sketch[]): Promise<void>;
  recordPolicy(text: string): Promise<PolicyFile>;
  /** From now on this policy is the active one. */
  activate(digest: string): Promise<void>;
  close(): Promise<void>;
}

const TIME = '2026-11-22T12:00:00.000Z';

export const openHistory = async (): Promise<History> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-history-'));
  const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  const key = await loadOrCreateSealingKey(folder);
  const sealer = await createSealer(key.kid, key.publicKey);
  const opener = createOpener(new Map([[key.kid, key.privateKey]]));

  /** What is sealed here was never masked: only params are opened. */
  const openItem = async (item: ReplayItem) => {
    if (item.do !== 'open') throw new CountersignError('masking_unavailable');
    return { verdict: 'opened', bytes: await opener.open(item.payload.sealed, item.payload.commit) };
  };
  const clock = { time: TIME };
  const toRecord = ({ type, v = 1, data = {}, sealed, payload: given }: Sketch) => {
    const event = { type, v, data, ...(given && { payload: given }) } as DomainEvent;
    if (sealed === undefined) return { event };
    const { sealed: attachment, payload } = sealer.seal(Buffer.from(canonicalJson(sealed)));
    return { event: { ...event, payload }, attachment };
  };
  const append = (stream: string, expected: number, ...events: readonly Sketch[]): AppendCommand => {
    const correlation = stream.slice(stream.indexOf('-') + 1);
    const actor = { kind: 'service', service: 'test', instance: 't' } as const;
    const context = { stream, expected, time: clock.time, actor, correlation, causation: correlation };
    return buildAppend({ ...context, newId: randomUUID }, events.map(toRecord));
  };
  const record = async (stream: string, expected: number, ...events: readonly Sketch[]): Promise<void> => {
    const command = append(stream, expected, ...events);
    await store.append(stream, expected, command.events);
  };
  return {
    store,
    folder,
    clock,
    append,
    record,
    bus: {
      request: async (contract, request) => {
        if (contract.subject === maskingReplay.subject) {
          const { items } = request as unknown as { items: readonly ReplayItem[] };
          return contract.reply.parse({ items: await Promise.all(items.map(openItem)) });
        }
        if (contract.subject !== maskingOpen.subject) throw new CountersignError(contract.unavailable);
        const { sealed, commit } = request as unknown as { sealed: Uint8Array; commit: Digest };
        return contract.reply.parse({ bytes: await opener.open(sealed, commit) });
      },
      close: async () => undefined,
    },
    recordPolicy: async (text) => {
      const policy = parsePolicyFile(text, 'policy.yaml');
      const attachment = Buffer.from(canonicalJson(policy.bundle as unknown as Json));
      const { digest } = policy;
      const data = { digest, name: policy.bundle.name, semantics: 1 };
      const payload = { commit: digest, bytes: attachment.length };
      const command = append(policyStream(digest), -1, { type: 'PolicyRecorded', data, payload });
      const events = command.events.map((event) => ({ ...event, attachment }));
      await store.append(command.stream, -1, events);
      return policy;
    },
    activate: async (digest) => {
      const before = await store.readStream(ACTIVATION_STREAM);
      const data = { by: 'file', digest, instance: 't' };
      await record(ACTIVATION_STREAM, before.length - 1, { type: 'PolicyActivated', data });
    },
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
};
