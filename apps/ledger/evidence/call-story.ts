import type { ApprovalEvent } from '#core/approval/approval.events.js';
import type { CallEvent } from '#core/call/call.events.js';
import { type CallState, evolveCall, NO_CALL } from '#core/call/evolve-call.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';

/** One call as the report tells it: only what entries say in clear, nothing that is sealed. */
export interface CallStory {
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly client: string;
  readonly agent: string;
  readonly method: string;
  readonly server: string;
  readonly tool: string;
  readonly decisions: readonly StoryDecision[];
  readonly approvals: readonly string[];
  readonly policies: readonly Digest[];
  readonly profiles: readonly Digest[];
  readonly engines: readonly string[];
  /** Masked values by kind; null when no result was masked. */
  readonly masked: { readonly [kind: string]: number } | null;
  readonly blocked: boolean;
  readonly questions: number;
  readonly outcome: string;
  readonly closed: boolean;
  readonly entries: number;
  readonly first: number;
  readonly last: number;
}

export interface StoryDecision {
  readonly time: string;
  readonly effect: string;
  readonly rules: readonly string[];
  readonly policyDigest: Digest;
}

export interface Placed {
  readonly index: number;
  readonly entry: Entry;
}

/** Folds the stream of one call, whole from its first entry. Entries of types not known here count and tell nothing. */
export const tellCall = (id: string, placed: readonly Placed[]): CallStory => {
  const story = new Story();
  const first = placed.at(0);
  const requested = first === undefined ? undefined : knownEvent<CallEvent>(first.entry);
  for (const { entry } of placed) {
    const event = knownEvent<CallEvent>(entry);
    if (event !== undefined) story.add(entry.time, event);
  }
  if (requested?.type !== 'CallRequested') throw new RangeError(`stream of call ${id} has no request`);
  const { caller, agent, method = 'tools/call', server, tool } = requested.data;
  return {
    id,
    time: placed[0]?.entry.time ?? '',
    principal: caller.principal,
    client: caller.client,
    agent: agent === null ? 'not named' : `${agent.name} ${agent.version}`,
    method,
    server,
    tool,
    decisions: story.decisions,
    approvals: [...story.approvals],
    policies: [...story.policies],
    profiles: [...story.profiles],
    engines: [...story.engines],
    masked: story.masked,
    blocked: story.blocked,
    questions: story.questions,
    outcome: story.outcome,
    closed: story.state.kind === 'ended',
    entries: placed.length,
    first: placed[0]?.index ?? 0,
    last: placed.at(-1)?.index ?? 0,
  };
};

class Story {
  readonly decisions: StoryDecision[] = [];
  readonly approvals = new Set<string>();
  readonly policies = new Set<Digest>();
  readonly profiles = new Set<Digest>();
  readonly engines = new Set<string>();
  masked: { [kind: string]: number } | null = null;
  blocked = false;
  questions = 0;
  outcome = 'requested';
  state: CallState = NO_CALL;

  add(time: string, event: CallEvent): void {
    this.state = evolveCall(this.state, event);
    switch (event.type) {
      case 'InputRequested':
        this.questions += 1;
        this.decided(event.data);
        return;
      case 'CallDecided': {
        const { effect, rules } = event.data.decision;
        this.decisions.push({ time, effect, rules, policyDigest: event.data.policyDigest });
        this.decided(event.data);
        return;
      }
      case 'CallHeld':
        this.approvals.add(event.data.approvalId);
        this.outcome = 'held for approval';
        return;
      case 'ForwardIntended':
        if (event.data.approvalId !== null) this.approvals.add(event.data.approvalId);
        this.outcome = 'forwarded, no outcome recorded';
        return;
      case 'MessageReleased':
      case 'ResultMasked':
        this.maskedBy(event.data);
        return;
      default:
        this.outcome = outcomeOf(event) ?? this.outcome;
    }
  }

  private decided({
    policyDigest,
    profileDigest,
    decision,
  }: Pick<
    Extract<CallEvent, { type: 'CallDecided' }>['data'],
    'policyDigest' | 'profileDigest' | 'decision'
  >): void {
    this.policies.add(policyDigest);
    if (profileDigest !== null) this.profiles.add(profileDigest);
    this.engines.add(decision.engine);
  }

  private maskedBy(data: Extract<CallEvent, { type: 'MessageReleased' | 'ResultMasked' }>['data']): void {
    if (data.profileDigest !== null) this.profiles.add(data.profileDigest);
    this.engines.add(data.engine);
    this.blocked ||= data.blocked;
    this.masked ??= {};
    for (const [kind, count] of Object.entries(data.counts))
      this.masked[kind] = (this.masked[kind] ?? 0) + count;
  }
}

const outcomeOf = (event: CallEvent): string | undefined => {
  switch (event.type) {
    case 'CallDenied':
      return `denied (${event.data.code}): ${event.data.reason}`;
    case 'CallCancelled':
      return `cancelled: ${event.data.reason}`;
    case 'CallCompleted':
      return OUTCOMES[event.data.outcome];
    case 'CallFailed':
      return `failed (${event.data.code})`;
    case 'CallOutcomeUnknown':
      return `nobody can know whether it was carried out: ${event.data.reason}`;
    default:
      return undefined;
  }
};

const OUTCOMES = {
  result: 'carried out, result released',
  tool_error: 'the tool answered with an error',
  rpc_error: 'the server refused it',
  input_required: 'the server asked for more input',
  task: 'a task was started',
} as const;

/** What people said about a held call. */
export interface ApprovalStory {
  readonly id: string;
  readonly entries: number;
  readonly status: string;
  readonly reasons: readonly string[];
  readonly votes: readonly {
    readonly time: string;
    readonly vote: string;
    readonly by: string;
    readonly roles: readonly string[];
    readonly reason: string;
  }[];
}

export const tellApproval = (id: string, placed: readonly Placed[]): ApprovalStory => {
  let status = 'pending';
  const reasons: string[] = [];
  const votes: ApprovalStory['votes'][number][] = [];
  for (const { entry } of placed) {
    const event = knownEvent<ApprovalEvent>(entry);
    if (event === undefined) continue;
    if (event.type === 'ApprovalRequested') reasons.push(...event.data.rules.map(({ says }) => says));
    else if (event.type === 'ApprovalVoted') {
      const { vote, approver, roles, reason } = event.data;
      votes.push({ time: entry.time, vote, by: approver.principal, roles, reason });
    } else status = STATUSES[event.type] ?? status;
  }
  return { id, entries: placed.length, status, reasons, votes };
};

const STATUSES: { readonly [type: string]: string | undefined } = {
  ApprovalGranted: 'granted',
  ApprovalDenied: 'denied',
  ApprovalExpired: 'expired',
  ApprovalWithdrawn: 'withdrawn',
};
