import type { Requirement } from '../approval/requirement.js';
import type { ErrorCode } from '../errors.js';
import type { JsonObject } from '../evidence/canonical-json.js';
import type { Actor, PayloadCommitment } from '../evidence/entry.js';
import type { Digest } from '../hash.js';
import type { Decision } from '../policy/policy.types.js';
import type { GovernedMethod } from './target.js';

/** The caller as the token says it; `token` holds only the claims that policy may look at. */
export interface CallerFacts {
  readonly principal: string;
  readonly issuer: string;
  readonly subject: string;
  readonly client: string;
  readonly groups: readonly string[];
  readonly token: JsonObject;
}

/**
 * Payload: the canonical params bytes, exactly as policy saw them and as the upstream receives them. What policy decided
 * on is `targetOf(method, params)`.
 */
export interface CallRequested {
  readonly type: 'CallRequested';
  readonly v: 1;
  readonly data: {
    readonly caller: CallerFacts;
    readonly agent: { readonly name: string; readonly version: string } | null;
    /** The call that asked for the input this one brings (outcome `input_required`); absent for a call of its own. */
    readonly continues?: string;
    readonly endpoint: string;
    /** Absent = `tools/call`. */
    readonly method?: GovernedMethod;
    readonly protocol: string;
    readonly server: string;
    /**
     * Name of the tool or prompt; for everything else the method: a URI may hold personal data and stays in the payload.
     */
    readonly tool: string;
    readonly toolDigest: Digest | null;
  };
  readonly payload: PayloadCommitment;
}

/**
 * The evaluator's answer, without what the policy bundle says anyway (rule texts, the masking profile: `profileDigest`
 * names it). Replay makes it again and compares byte for byte.
 */
export interface CallDecided {
  readonly type: 'CallDecided';
  readonly v: 1;
  readonly data: {
    readonly now: string;
    /** Groups and claims as they were when this decision was asked for: of the token that came with it. */
    readonly groups: readonly string[];
    readonly token: JsonObject;
    readonly policyDigest: Digest;
    readonly profileDigest: Digest | null;
    readonly decision: RecordedDecision;
  };
}

export type RecordedDecision = Omit<Decision, 'profile' | 'says'>;

/** Members in canonical order, which spares canonicalJson the sorting. */
export const recordedDecision = ({
  approval,
  effect,
  engine,
  kind,
  operation,
  roles,
  rules,
}: Decision): RecordedDecision => ({
  approval,
  effect,
  engine,
  kind,
  operation,
  roles,
  rules,
});

export interface ForwardIntended {
  readonly type: 'ForwardIntended';
  readonly v: 1;
  readonly data: {
    readonly server: string;
    /** The ingress process that forwards; the ledger closes the call when it falls silent. */
    readonly instance: string;
    readonly deadline_ms: number;
    /** The approval it runs under: its own, or that of the call it continues. */
    readonly approvalId: string | null;
    /**
     * For a call that was not asked for itself but runs under the grant of that approval: equal to the key in its request.
     * Absent for every other call.
     */
    readonly grantKey?: string;
    /** Commitment of the very params bytes that are forwarded: the payload of CallRequested or of a CallRepeated. */
    readonly request: Digest;
  };
}

export interface CallHeld {
  readonly type: 'CallHeld';
  readonly v: 1;
  readonly data: {
    readonly approvalId: string;
    readonly digest: Digest;
    readonly expiresAt: string;
    readonly requirements: readonly Requirement[];
  };
}

/** The identical call sent again while it is held: it waits for the same approval. Payload: its own params bytes. */
export interface CallRepeated {
  readonly type: 'CallRepeated';
  readonly v: 1;
  readonly data: {
    readonly approvalId: string;
    readonly instance: string;
    /** It came with the state of this round. Absent: without a state. */
    readonly round?: number;
    /** The revision by which the request waited that was given the state: each state is used once. */
    readonly after?: number;
  };
  readonly payload: PayloadCommitment;
}

/** The wait is over, one way or the other; what the call does next follows in the same append. */
export interface HoldEnded {
  readonly type: 'HoldEnded';
  readonly v: 1;
  readonly data: {
    readonly approvalId: string;
    readonly because: 'granted' | 'denied' | 'expired' | 'stale' | 'cancelled';
  };
}

export interface CallDenied {
  readonly type: 'CallDenied';
  readonly v: 1;
  readonly data: { readonly code: ErrorCode; readonly reason: string };
}

export interface CallCancelled {
  readonly type: 'CallCancelled';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

/**
 * The upstream asks the caller something while it has the call (elicitation, sampling, roots). Payload: the canonical
 * params of the question as masked and shown; policy decided on these bytes, so that replay needs no others. Shown only
 * when the decision is allow and `because` is null.
 */
export interface InputRequested {
  readonly type: 'InputRequested';
  readonly v: 1;
  readonly data: CallDecided['data'] & {
    /** Why the question is refused although policy allows it, or with policy's reason; null = it is asked. */
    readonly because: string | null;
    readonly method: GovernedMethod;
    /** 1, 2, ...: which question of this call. */
    readonly question: number;
  };
  readonly payload: PayloadCommitment;
}

/** Payload: the canonical answer as the upstream receives it; none when there is none. */
export interface InputAnswered {
  readonly type: 'InputAnswered';
  readonly v: 1;
  readonly data: {
    readonly method: GovernedMethod;
    readonly outcome: 'answered' | 'refused' | 'timeout' | 'cancelled';
    readonly question: number;
  };
  readonly payload?: PayloadCommitment;
}

/**
 * The upstream said something while it worked, a log message or a progress text, and the client was shown it masked with
 * this profile and engine. Payload: what the upstream said, canonical and untouched.
 */
export interface MessageReleased {
  readonly type: 'MessageReleased';
  readonly v: 1;
  readonly data: {
    readonly blocked: boolean;
    /** Masked values by kind. */
    readonly counts: { readonly [kind: string]: number };
    readonly engine: string;
    readonly method: string;
    readonly profileDigest: Digest | null;
  };
  readonly payload: PayloadCommitment;
}

/** Payload: the upstream's bytes, untouched, sealed. */
export interface CallReturned {
  readonly type: 'CallReturned';
  readonly v: 1;
  readonly data: { readonly kind: 'result' | 'error'; readonly elapsed_us: number };
  readonly payload: PayloadCommitment;
}

/** Payload: {"findings":[...],"masked":<the bytes the caller gets>}. */
export interface ResultMasked {
  readonly type: 'ResultMasked';
  readonly v: 1;
  readonly data: {
    readonly profileDigest: Digest | null;
    readonly engine: string;
    readonly surface: 'result' | 'error';
    readonly blocked: boolean;
    /** Masked values by kind. */
    readonly counts: { readonly [kind: string]: number };
  };
  readonly payload: PayloadCommitment;
}

export interface CallCompleted {
  readonly type: 'CallCompleted';
  readonly v: 1;
  readonly data: {
    /** `input_required`: the caller must bring more input in a call that continues this one; `task`: a task goes on. */
    readonly outcome: 'result' | 'tool_error' | 'rpc_error' | 'input_required' | 'task';
  };
}

/**
 * Written by the ledger alone, before it stores the intent of a continuation that runs under this call's approval: an
 * approval carries one continuation of each call, and the revision of this stream elects it.
 */
export interface CallContinued {
  readonly type: 'CallContinued';
  readonly v: 1;
  readonly data: { readonly by: string };
}

/** The upstream is known not to have carried the call out, or its answer could not be released. */
export interface CallFailed {
  readonly type: 'CallFailed';
  readonly v: 1;
  readonly data: { readonly code: ErrorCode; readonly detail: string };
}

export interface CallOutcomeUnknown {
  readonly type: 'CallOutcomeUnknown';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

export type CallEvent =
  | CallRequested
  | CallDecided
  | ForwardIntended
  | CallHeld
  | CallRepeated
  | HoldEnded
  | CallDenied
  | CallCancelled
  | InputRequested
  | InputAnswered
  | MessageReleased
  | CallReturned
  | ResultMasked
  | CallCompleted
  | CallContinued
  | CallFailed
  | CallOutcomeUnknown;

export const callStream = (callId: string): string => `call-${callId}`;
export type { Actor };
