import { randomUUID } from 'node:crypto';
import { type ApprovalEvent, approvalStream, type GrantUsed } from '#core/approval/approval.events.js';
import {
  type ApprovalState,
  evolveApproval,
  type KnownApproval,
  NO_APPROVAL,
} from '#core/approval/approval.state.js';
import { decideGrantUse } from '#core/approval/decide-grant.js';
import { demandDefect } from '#core/approval/demand.js';
import { grantDefect } from '#core/approval/sound-grant.js';
import {
  type CallDecided,
  type CallRequested,
  callStream,
  type ForwardIntended,
} from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { DomainEvent, Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry, requireKnown } from '#core/evidence/read-entry.js';
import type { EventStore } from '#event-store/event-store.js';
import { wantedOf } from './check-approved.js';
import { isSameCall } from './check-continuation.js';

/** Other writers of the stream are another ledger, people who revoke, and timers: each race that is lost was won by one. */
const ATTEMPTS_MAX = 50;

/** Counts the calls that run under a grant, in the stream of its approval. */
export class GrantUses {
  private readonly turns = new Map<string, Promise<void>>();

  constructor(
    private readonly store: EventStore,
    private readonly append: (command: AppendCommand) => Promise<unknown>,
  ) {}

  /**
   * On record once this returns: one use less is left. A crash between this and the append of the call loses that use and
   * runs nothing. `entries` are the first append of the call. One after the other: they would only lose to each other.
   * @throws CountersignError approval_stale, event_unknown, revision_conflict, ledger_*
   */
  async take(forward: Entry, entries: readonly Entry[]): Promise<void> {
    const approvalId = asEvent<ForwardIntended>(forward).data.approvalId ?? '';
    const turn = (this.turns.get(approvalId) ?? Promise.resolve()).then(() =>
      this.takeInTurn(approvalId, forward, entries),
    );
    const settled = turn.catch(() => undefined);
    this.turns.set(approvalId, settled);
    try {
      await turn;
    } finally {
      if (this.turns.get(approvalId) === settled) this.turns.delete(approvalId);
    }
  }

  private async takeInTurn(approvalId: string, forward: Entry, entries: readonly Entry[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const approval = await this.read(approvalStream(approvalId));
      const callId = callOf(forward);
      // From an append that failed behind its use: counted already, and still to be right.
      const isCounted = approval.some((entry) => isUseOf(entry, callId));
      const use = await this.decide(approval, forward, entries, isCounted);
      if (isCounted) return;
      try {
        await this.append(useAppend(approvalId, approval.length, forward, use));
        return;
      } catch (error) {
        const isLost = error instanceof CountersignError && error.code === 'revision_conflict';
        if (!isLost || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  private async decide(
    approval: readonly Entry[],
    forward: Entry,
    entries: readonly Entry[],
    isCounted: boolean,
  ) {
    const known = approval.map((entry) => asEvent<ApprovalEvent>(entry)).reduce(evolveApproval, NO_APPROVAL);
    const state = isCounted ? withoutLastUse(known) : known;
    const defect = state.status === 'none' ? undefined : grantDefect(state);
    if (state.status === 'granted' && defect !== undefined)
      throw new CountersignError('approval_stale', `the approval is none: ${defect}`);
    const own = state.status === 'none' ? [] : await this.read(callStream(state.request.callId));
    const ownCallRan = own.some(({ type }) => type === 'ForwardIntended');
    // Whoever ended it wants nothing to run, also where a crash has left its approval as it was.
    if (!ownCallRan && own.some(({ type }) => type === 'HoldEnded'))
      throw new CountersignError('approval_stale', 'the call that asked has ended and never ran');
    const use = decideGrantUse(state, {
      callId: callOf(forward),
      key: asEvent<ForwardIntended>(forward).data.grantKey,
      ownCallRan,
      now: forward.time,
    });
    if (state.status !== 'none') requireAsDecided(state, approval, own);
    requireCovered(own, entries);
    return use;
  }

  private async read(stream: string): Promise<readonly Entry[]> {
    const entries = (await this.store.readStream(stream)).map(({ entry }) => readEntry(entry));
    // One that nobody can read may be another use, or a revocation.
    requireKnown(entries);
    return entries;
  }
}

/** By the stream it stands in; what else an entry says of its call is the word of its writer. */
const callOf = ({ stream }: Entry): string => stream.slice(callStream('').length);

const withoutLastUse = (state: ApprovalState): ApprovalState =>
  state.status === 'none' || state.grant === undefined
    ? state
    : { ...state, grant: { ...state.grant, used: state.grant.used - 1 } };

const isUseOf = (entry: Entry, callId: string): boolean =>
  entry.type === 'GrantUsed' && asEvent<GrantUsed>(entry).data.callId === callId;

const useAppend = (approvalId: string, length: number, forward: Entry, use: GrantUsed): AppendCommand =>
  buildAppend(
    {
      stream: approvalStream(approvalId),
      expected: length - 1,
      time: forward.time,
      actor: { kind: 'service', service: 'ledger', instance: 'grants' },
      correlation: forward.correlation,
      causation: forward.correlation,
      newId: randomUUID,
    },
    [{ event: use as unknown as DomainEvent }],
  );

/**
 * The terms of the grant are those that policy had decided, and its time began with the vote that gave it.
 * @throws CountersignError approval_stale
 */
const requireAsDecided = (
  { request, grant }: KnownApproval,
  approval: readonly Entry[],
  own: readonly Entry[],
): void => {
  const wanted = wantedOf(own);
  const defect =
    wanted === undefined ? 'the call that asked is not on record' : demandDefect(request, wanted);
  if (defect !== undefined) throw new CountersignError('approval_stale', defect);
  const given = approval.find(({ type }) => type === 'ApprovalGranted');
  const end = Date.parse(given?.time ?? '') + (request.grant?.for_s ?? 0) * 1_000;
  if (!(Date.parse(grant?.until ?? '') <= end))
    throw new CountersignError('approval_stale', 'the grant ends later than policy allows');
};

/**
 * The key says that these are the calls the grant covers, arguments included, which are sealed; what stands in clear is
 * compared here once more: caller, target and its description, and all that policy has answered.
 * @throws CountersignError approval_stale
 */
const requireCovered = (own: readonly Entry[], entries: readonly Entry[]): void => {
  const [asked, now] = [factsOf(own), factsOf(entries)];
  const isCovered =
    asked !== undefined &&
    now !== undefined &&
    isSameCall(asked.requested, now.requested) &&
    canonicalJson(asked.answer) === canonicalJson(now.answer);
  if (!isCovered) throw new CountersignError('approval_stale', 'the grant covers other calls');
};

/** Of a call as it was asked for. */
const factsOf = (entries: readonly Entry[]) => {
  const request = entries.find(({ type }) => type === 'CallRequested');
  const decided = entries.find(({ type }) => type === 'CallDecided');
  if (request === undefined || decided === undefined) return undefined;
  const { policyDigest, profileDigest, decision } = asEvent<CallDecided>(decided).data;
  const answer = [policyDigest, profileDigest, decision.operation, decision.rules, decision.approval];
  return { requested: asEvent<CallRequested>(request).data, answer: answer as unknown as Json };
};
