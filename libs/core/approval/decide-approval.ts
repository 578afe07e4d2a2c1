import { CountersignError } from '../errors.js';
import type { Digest } from '../hash.js';
import { saidText } from '../visible-text.js';
import type {
  ApprovalDenied,
  ApprovalEscalated,
  ApprovalEvent,
  ApprovalReminded,
  ApprovalRequested,
  ApprovalVoted,
  OnBehalfOf,
  Person,
} from './approval.events.js';
import { type ApprovalState, evolveApproval, type KnownApproval, requirementsNow } from './approval.state.js';
import { escalationsOf } from './escalation.js';
import { granted } from './granted.js';
import { quorumMet } from './quorum.js';
import { remindersOf } from './reminder.js';
import { type Requirement, rolesNamed } from './requirement.js';

export interface CastVote {
  readonly vote: 'approve' | 'deny';
  readonly approver: Person;
  /** Those it is to count with: the approver's own, or those of `onBehalfOf`. */
  readonly roles: readonly string[];
  readonly onBehalfOf?: OnBehalfOf | undefined;
  /** True for tokens of an agent or service: no human. */
  readonly isMachine: boolean;
  /** The OAuth client of the voter's token; absent for one that people use for calls and approvals alike. */
  readonly client?: string | undefined;
  readonly digest: string | undefined;
  readonly reason: string | undefined;
  readonly now: string;
}

/** The same account (issuer and subject) or the same human behind two accounts, whatever the name or group. */
export const samePerson = (a: Person, b: Person): boolean =>
  (a.issuer === b.issuer && a.subject === b.subject) || (a.human !== undefined && a.human === b.human);

/** An expiry at the very instant counts as expired. */
export const hasExpired = (expiresAt: string, now: string): boolean =>
  Date.parse(now) >= Date.parse(expiresAt);

/** The request itself, once: a second one for the same approval is a no-op. */
export const decideRequest = (
  state: ApprovalState,
  request: Omit<ApprovalRequested, 'type' | 'v'>,
): readonly ApprovalEvent[] =>
  state.status === 'none' ? [{ type: 'ApprovalRequested', v: 1, ...request }] : [];

/** What a vote is about: the digest the voter was shown, who asked, and whose votes are needed. */
export interface Ballot {
  readonly digest: Digest;
  /** Null: no person asked, as when a server lists another definition. */
  readonly requester: (Person & { readonly client: string }) | null;
  readonly requirements: readonly Requirement[];
  /** Whether each human counts for one requirement only; absent = one may serve several. */
  readonly distinct?: boolean;
}

/** A vote that counts, as it is recorded. */
export type CountedVote = ApprovalVoted['data'];

/**
 * Four eyes, the same for everything that needs them: the digest must be the one shown; the requester, their agent, who votes for
 * the requester, a machine, a second vote of or for the same human and anybody without a named role are refused.
 * @throws CountersignError digest_mismatch, approver_is_requester, approver_not_eligible, approver_voted_already,
 *   reason_missing
 */
export const checkVote = (
  ballot: Ballot,
  votes: readonly CountedVote[],
  command: Omit<CastVote, 'now'>,
): CountedVote => {
  const { approver, digest, isMachine, roles, vote } = command;
  if (digest !== ballot.digest) throw new CountersignError('digest_mismatch');
  if (ballot.requester !== null) checkNotRequester(ballot.requester, command);
  const eligible = rolesNamed(ballot.requirements).some((role) => roles.includes(role));
  if (isMachine || !eligible)
    throw new CountersignError('approver_not_eligible', eligibleRoles(ballot.requirements));
  const people = peopleOf(command);
  if (votes.some((known) => peopleOf(known).some((voted) => people.some((one) => samePerson(one, voted)))))
    throw new CountersignError('approver_voted_already');
  const reason = saidText(command.reason);
  if (vote === 'deny' && reason === '') throw new CountersignError('reason_missing');
  const { onBehalfOf } = command;
  return { vote, approver, roles, ...(onBehalfOf && { onBehalfOf }), digest: ballot.digest, reason };
};

/** A delegate votes for two people, who count as one: neither votes again, and neither may have asked. */
export const peopleOf = ({
  approver,
  onBehalfOf,
}: {
  readonly approver: Person;
  readonly onBehalfOf?: Pick<OnBehalfOf, 'person'> | undefined;
}): readonly Person[] => (onBehalfOf === undefined ? [approver] : [approver, onBehalfOf.person]);

const checkNotRequester = (
  requester: Person & { readonly client: string },
  command: Omit<CastVote, 'now'>,
): void => {
  const { client } = command;
  if (peopleOf(command).some((person) => samePerson(person, requester)))
    throw new CountersignError('approver_is_requester');
  if (client !== undefined && client !== '' && client === requester.client)
    throw new CountersignError(
      'approver_not_eligible',
      'the token is one of the agent that made the request',
    );
};

/** Whether these votes are enough. A vote that denies ends everything before it is counted. */
export const isMet = ({ requirements, distinct }: Ballot, votes: readonly CountedVote[]): boolean =>
  quorumMet(
    requirements,
    votes.map(({ roles }) => roles),
    distinct === true,
  );

/**
 * A human's vote on a held call. One denial ends it.
 * @throws CountersignError approval_unknown, approval_closed, approval_expired, and those of `checkVote`
 */
export const decideVote = (state: ApprovalState, command: CastVote): readonly ApprovalEvent[] => {
  const risen = decideEscalation(state, command.now);
  const current = requirePending(risen.reduce<ApprovalState>(evolveApproval, state), command.now);
  const { request, votes } = current;
  const ballot = { ...request, requirements: requirementsNow(current) };
  const vote = checkVote(ballot, votes, command);
  const voted: ApprovalVoted = { type: 'ApprovalVoted', v: 1, data: vote };
  if (vote.vote === 'deny') {
    const denied: ApprovalDenied = { type: 'ApprovalDenied', v: 1, data: { reason: vote.reason } };
    return [...risen, voted, denied];
  }
  return isMet(ballot, [...votes, vote])
    ? [...risen, voted, granted(request, command.now)]
    : [...risen, voted];
};

/** What is due at `now` (recorded clock) and not on record yet. */
export const decideEscalation = (state: ApprovalState, now: string): readonly ApprovalEscalated[] =>
  state.status !== 'pending' || hasExpired(state.request.expiresAt, now)
    ? []
    : escalationsOf(state.request)
        .filter(({ since }) => hasExpired(since, now))
        .filter(({ requirement }) => !state.escalations.some((known) => known.requirement === requirement))
        .map((data) => ({ type: 'ApprovalEscalated', v: 1, data }));

/** The last reminder that is due at `now` and not on record; those before it are too late to be of use. */
export const decideReminder = (state: ApprovalState, now: string): readonly ApprovalReminded[] => {
  if (state.status !== 'pending' || hasExpired(state.request.expiresAt, now)) return [];
  const due = remindersOf(state.request).findLast(({ since }) => hasExpired(since, now));
  return due === undefined || due.number <= state.reminded
    ? []
    : [{ type: 'ApprovalReminded', v: 1, data: due }];
};

/**
 * What time alone changes: escalations, and a grant where votes that were given before are enough with them; reminders of
 * what waits on; the end.
 */
export const decideLook = (state: ApprovalState, now: string): readonly ApprovalEvent[] => {
  const risen = decideEscalation(state, now);
  const after = risen.reduce<ApprovalState>(evolveApproval, state);
  if (after.status === 'none') return [];
  const { request, votes } = after;
  if (risen.length > 0 && isMet({ ...request, requirements: requirementsNow(after) }, votes))
    return [...risen, granted(request, now)];
  return [...risen, ...decideReminder(after, now), ...decideExpiry(after, now)];
};

/** Due or later: ends a pending or unused granted approval. Earlier, or already ended: nothing. */
export const decideExpiry = (state: ApprovalState, now: string): readonly ApprovalEvent[] =>
  (state.status === 'pending' || state.status === 'granted') && hasExpired(state.request.expiresAt, now)
    ? [{ type: 'ApprovalExpired', v: 1, data: { expiresAt: state.request.expiresAt } }]
    : [];

/** By the requester's side: a cancelled call needs no approval any more. */
export const decideWithdrawal = (state: ApprovalState, reason: string): readonly ApprovalEvent[] =>
  state.status === 'pending' || state.status === 'granted'
    ? [{ type: 'ApprovalWithdrawn', v: 1, data: { reason } }]
    : [];

/**
 * By the requester in person, whichever account: nobody else may take a request back.
 * @throws CountersignError approval_unknown, forbidden, approval_closed
 */
export const checkWithdrawal = (state: ApprovalState, by: Person): KnownApproval => {
  if (state.status === 'none') throw new CountersignError('approval_unknown');
  if (!samePerson(state.request.requester, by))
    throw new CountersignError('forbidden', 'only the requester may withdraw it');
  if (state.status !== 'pending' && state.status !== 'granted')
    throw new CountersignError('approval_closed', `it is ${state.status}`);
  return state;
};

/** @throws CountersignError approval_unknown, approval_closed, approval_expired */
export const requirePending = (state: ApprovalState, now: string): KnownApproval => {
  if (state.status === 'none') throw new CountersignError('approval_unknown');
  if (state.status !== 'pending') throw new CountersignError('approval_closed', `it is ${state.status}`);
  if (hasExpired(state.request.expiresAt, now)) throw new CountersignError('approval_expired');
  return state;
};

const eligibleRoles = (requirements: readonly Requirement[]): string =>
  `eligible: ${rolesNamed(requirements).join(', ')}`;
