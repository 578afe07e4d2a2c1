import type { Person } from '../../approval/approval.events.js';
import { type CastVote, checkVote, hasExpired, isMet, samePerson } from '../../approval/decide-approval.js';
import { CountersignError } from '../../errors.js';
import { canonicalJson, type JsonObject } from '../../evidence/canonical-json.js';
import type { PayloadCommitment } from '../../evidence/entry.js';
import type { Digest, HashFunction } from '../../hash.js';
import { saidText } from '../../visible-text.js';
import type { PolicyProposed, ProposalEvent } from './proposal.events.js';
import type { KnownProposal, ProposalState } from './proposal.state.js';

/** What a proposal is checked against when it is made. */
export interface Proposing {
  readonly request: Omit<PolicyProposed['data'], 'digest'>;
  readonly text: PayloadCommitment;
  readonly isMachine: boolean;
  /** The roles that people can have by the proposed policy. */
  readonly roles: readonly string[];
}

/**
 * @throws CountersignError reason_missing; forbidden for a machine; policy_refused: it is active already, or has no role that
 *   could ever propose or approve another one
 */
export const decideProposal = (
  hash: HashFunction,
  { request, text, isMachine, roles }: Proposing,
): readonly [PolicyProposed] => {
  if (isMachine) throw new CountersignError('forbidden', 'only a person may propose a policy');
  const reason = saidText(request.reason);
  if (reason === '') throw new CountersignError('reason_missing', 'say why the policy should change');
  if (request.policyDigest === request.replaces)
    throw new CountersignError('policy_refused', 'it is the active policy already');
  const owners = request.requirements.flatMap(({ by }) => by);
  if (!owners.some((owner) => roles.includes(owner)))
    throw new CountersignError(
      'policy_refused',
      `it has no role of those who own policies (${owners.join(', ')}): nobody could change it again`,
    );
  const bound = { ...request, reason };
  const digest = hash(canonicalJson({ ...bound, text } as unknown as JsonObject));
  return [{ type: 'PolicyProposed', v: 1, data: { ...bound, digest }, payload: text }];
};

/**
 * One denial ends it.
 * @param active the policy in force, as the log has it
 * @throws CountersignError proposal_unknown, proposal_closed, approval_expired, proposal_stale, and those of `checkVote`
 */
export const decideProposalVote = (
  state: ProposalState,
  command: CastVote,
  active: Digest,
): readonly ProposalEvent[] => {
  const { request, votes } = open(state, command.now);
  if (request.replaces !== active) throw new CountersignError('proposal_stale');
  const ballot = { ...request, requester: request.proposer };
  const vote = checkVote(ballot, votes, command);
  const voted: ProposalEvent = { type: 'PolicyProposalVoted', v: 1, data: vote };
  if (vote.vote === 'deny')
    return [voted, { type: 'PolicyProposalDenied', v: 1, data: { reason: vote.reason } }];
  return isMet(ballot, [...votes, vote])
    ? [voted, { type: 'PolicyProposalApproved', v: 1, data: { digest: request.digest } }]
    : [voted];
};

/**
 * By the proposer in person, whichever account.
 * @throws CountersignError proposal_unknown, proposal_closed, forbidden
 */
export const decideProposalWithdrawal = (
  state: ProposalState,
  by: Person,
  reason: string,
): readonly ProposalEvent[] => {
  const { request } = pending(state);
  if (!samePerson(request.proposer, by))
    throw new CountersignError('forbidden', 'only the proposer may withdraw it');
  return [{ type: 'PolicyProposalWithdrawn', v: 1, data: { reason } }];
};

/** What has ended a proposal that is not activated: time, or another policy that became active. Otherwise nothing. */
export const decideProposalLook = (
  state: ProposalState,
  now: string,
  active: Digest,
): readonly ProposalEvent[] => {
  if (state.status !== 'pending' && state.status !== 'approved') return [];
  const { expiresAt, replaces } = state.request;
  if (replaces !== active) return [{ type: 'PolicyProposalSuperseded', v: 1, data: { active } }];
  return hasExpired(expiresAt, now) ? [{ type: 'PolicyProposalExpired', v: 1, data: { expiresAt } }] : [];
};

const pending = (state: ProposalState): KnownProposal => {
  if (state.status === 'none') throw new CountersignError('proposal_unknown');
  if (state.status !== 'pending') throw new CountersignError('proposal_closed', `it is ${state.status}`);
  return state;
};

const open = (state: ProposalState, now: string): KnownProposal => {
  const known = pending(state);
  if (hasExpired(known.request.expiresAt, now)) throw new CountersignError('approval_expired');
  return known;
};
