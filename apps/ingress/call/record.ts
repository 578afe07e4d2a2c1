import { randomUUID } from 'node:crypto';
import { NobodyAnswers } from '#bus/bus.js';
import { ledgerAppend, ledgerReadStream } from '#contracts/ledger.js';
import {
  type CallEvent,
  type CallHeld,
  type CallRequested,
  callStream,
  type ForwardIntended,
  type HoldEnded,
  recordedDecision,
} from '#core/call/call.events.js';
import { CountersignError, type ErrorCode } from '#core/errors.js';
import { type AppendCommand, buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import type { Digest } from '#core/hash.js';
import { callerActor } from '#http/record-refusal.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import type { Decided } from './decide.js';
import type { IntentReceipt } from './receipt.js';

const toRecord = (event: CallEvent, attachment?: Uint8Array): EventToRecord => ({
  event: event as unknown as DomainEvent,
  ...(attachment === undefined ? {} : { attachment }),
});

/** CallRequested with its sealed payload: the first event of every call. */
const requested = (call: Call, toolDigest: Digest | null): EventToRecord => {
  const { sealed, payload } = call.sealedParams;
  const { principal, issuer, subject, clientId, groups, claims } = call.caller;
  const event: CallRequested = {
    type: 'CallRequested',
    v: 1,
    // Members in canonical order, here and below: it spares canonicalJson the sorting.
    data: {
      agent: call.client.info,
      caller: { client: clientId, groups, issuer, principal, subject, token: claims },
      ...(call.continues === undefined ? {} : { continues: call.continues.callId }),
      endpoint: call.endpoint,
      ...(call.method === 'tools/call' ? {} : { method: call.method }),
      protocol: call.client.revision,
      server: call.server,
      tool: call.tool,
      toolDigest,
    },
    payload,
  };
  return toRecord(event, sealed);
};

const decidedEvent = ({
  decision,
  groups,
  now,
  policyDigest,
  profileDigest,
  token,
}: Decided): EventToRecord =>
  toRecord({
    type: 'CallDecided',
    v: 1,
    data: { decision: recordedDecision(decision), groups, now, policyDigest, profileDigest, token },
  });

const holdEnded = (approvalId: string, because: HoldEnded['data']['because']): EventToRecord =>
  toRecord({ type: 'HoldEnded', v: 1, data: { approvalId, because } });

const deniedEvent = (code: ErrorCode, reason: string): EventToRecord =>
  toRecord({ type: 'CallDenied', v: 1, data: { code, reason } });

const intendedEvent = (
  gateway: Gateway,
  call: Call,
  approvalId: string | null,
  grantKey?: string,
): EventToRecord => {
  const data: ForwardIntended['data'] = {
    approvalId,
    deadline_ms: call.here?.deadline_ms ?? gateway.catalog.server(call.server).timeout_ms,
    ...(grantKey === undefined ? {} : { grantKey }),
    instance: gateway.instance,
    request: call.sealedParams.payload.commit,
    server: call.server,
  };
  return toRecord({ type: 'ForwardIntended', v: 1, data });
};

export const callAppend = (
  gateway: Gateway,
  call: Call,
  callId: string,
  expected: number,
  events: readonly EventToRecord[],
): AppendCommand =>
  buildAppend(
    {
      stream: callStream(callId),
      expected,
      time: gateway.now().toISOString(),
      actor: callerActor(call.caller),
      correlation: callId,
      causation: callId,
      newId: randomUUID,
    },
    events,
  );

export const append = async (gateway: Gateway, command: AppendCommand): Promise<number> =>
  (await gateway.bus.request(ledgerAppend, command)).revision;

/**
 * The first append of an allowed call, ending in its intent; `approvalId` is that of the call it continues, or the one
 * whose grant it runs under.
 * @throws CountersignError ledger_*, policy_stale, approval_stale when the ledger does not find that right
 */
export const recordIntent = async (
  gateway: Gateway,
  call: Call,
  toolDigest: Digest | null,
  decided: Decided,
  approvalId: string | null,
  grantKey?: string,
): Promise<IntentReceipt> => {
  const events = [
    requested(call, toolDigest),
    decidedEvent(decided),
    intendedEvent(gateway, call, approvalId, grantKey),
  ];
  const revision = await appendFirst(gateway, call, events);
  return { callId: call.id, approvalId, revision } as IntentReceipt;
};

/** A call that policy, or the gateway itself, refuses. `decided` is null when no decision could be had. */
export const recordDenied = async (
  gateway: Gateway,
  call: Call,
  toolDigest: Digest | null,
  decided: Decided | null,
  refusal: { readonly code: ErrorCode; readonly reason: string },
): Promise<void> => {
  const decision = decided === null ? [] : [decidedEvent(decided)];
  await appendFirst(gateway, call, [
    requested(call, toolDigest),
    ...decision,
    deniedEvent(refusal.code, refusal.reason),
  ]);
};

/** A call that waits for humans. Answers the revision of CallHeld. @throws CountersignError ledger_*, policy_stale */
export const recordHeld = async (
  gateway: Gateway,
  call: Call,
  toolDigest: Digest | null,
  decided: Decided,
  held: CallHeld['data'],
): Promise<number> =>
  appendFirst(gateway, call, [
    requested(call, toolDigest),
    decidedEvent(decided),
    toRecord({ type: 'CallHeld', v: 1, data: held }),
  ]);

/** A held call, and behind which revision of it something is to be recorded. */
export interface HeldAt {
  readonly callId: string;
  readonly approvalId: string;
  readonly revision: number;
  /** The repetition that this comes of, where it is not on record yet. */
  readonly repeated?: EventToRecord | undefined;
}

/**
 * The append that elects the one replica that forwards a held call: decision of now plus intent behind the revision
 * that was read.
 * @throws CountersignError revision_conflict for the losers, policy_stale, approval_stale, approval_expired, ledger_*
 */
export const recordRelease = async (
  gateway: Gateway,
  call: Call,
  held: HeldAt,
  decided: Decided,
): Promise<IntentReceipt> => {
  const events = [
    ...(held.repeated === undefined ? [] : [held.repeated]),
    decidedEvent(decided),
    holdEnded(held.approvalId, 'granted'),
    intendedEvent(gateway, call, held.approvalId),
  ];
  const revision = await append(gateway, callAppend(gateway, call, held.callId, held.revision, events));
  return { callId: held.callId, approvalId: held.approvalId, revision } as IntentReceipt;
};

/** A held call that may not run after all: what was approved is not what would run, or nothing lets it run any more. */
export const recordStale = async (
  gateway: Gateway,
  call: Call,
  held: HeldAt,
  decided: Decided | null,
  refusal: { readonly code: ErrorCode; readonly reason: string },
): Promise<void> => {
  const events = [
    ...(held.repeated === undefined ? [] : [held.repeated]),
    ...(decided === null ? [] : [decidedEvent(decided)]),
    holdEnded(held.approvalId, 'stale'),
    deniedEvent(refusal.code, refusal.reason),
  ];
  await append(gateway, callAppend(gateway, call, held.callId, held.revision, events));
};

/** Revision of the last event of a call. @throws CountersignError ledger_unavailable */
export const lastRevision = async (gateway: Gateway, callId: string): Promise<number> => {
  const { events } = await gateway.bus.request(ledgerReadStream, {
    stream: callStream(callId),
    attachments: false,
  });
  return events.length - 1;
};

/**
 * The first append of a call. When its outcome is not known it may be stored later than we waited: then the call,
 * which we never forwarded, is closed as soon as it can be.
 */
const appendFirst = async (
  gateway: Gateway,
  call: Call,
  events: readonly EventToRecord[],
): Promise<number> => {
  try {
    return await append(gateway, callAppend(gateway, call, call.id, -1, events));
  } catch (error) {
    if (error instanceof NobodyAnswers || isRefused(error)) throw error;
    let looks = 0;
    gateway.late.add(call.id, () => closeNeverForwarded(gateway, call, ++looks));
    throw error;
  }
};

/** The ledger has looked and stores nothing: the call may still be decided anew, or held, under the same id. */
const REFUSED: ReadonlySet<string> = new Set(['approval_stale', 'approval_expired', 'policy_stale']);

const isRefused = (error: unknown): boolean => error instanceof CountersignError && REFUSED.has(error.code);

/** Nothing was stored, because another policy is active than the one that decided. */
export const isPolicyStale = (error: unknown): boolean =>
  error instanceof CountersignError && error.code === 'policy_stale';

/** A slow ledger may store the append after we looked: so long is it looked for, once a second. */
const LOOKS_MAX = 30;

const closeNeverForwarded = async (gateway: Gateway, call: Call, looks: number): Promise<void> => {
  const { events } = await gateway.bus.request(ledgerReadStream, {
    stream: callStream(call.id),
    attachments: false,
  });
  if (events.length === 0 && looks < LOOKS_MAX) throw new CountersignError('not_found', 'not stored so far');
  const last = events.at(-1);
  const detail = 'the intent was recorded too late; the call was never forwarded';
  const failed = toRecord({ type: 'CallFailed', v: 1, data: { code: 'ledger_unavailable', detail } });
  const cancelled = [
    holdEnded(call.id, 'cancelled'),
    toRecord({ type: 'CallCancelled', v: 1, data: { reason: detail } }),
  ];
  const end = last?.type === 'ForwardIntended' ? [failed] : last?.type === 'CallHeld' ? cancelled : [];
  if (end.length === 0 || last === undefined) return;
  await append(gateway, callAppend(gateway, call, call.id, last.revision, end)).catch(ignoreConflict);
};

/** For `.catch`: somebody else has ended the call meanwhile, which is as good. */
export const ignoreConflict = (error: unknown): void => {
  if (!(error instanceof CountersignError) || error.code !== 'revision_conflict') throw error;
};

export { toRecord };
