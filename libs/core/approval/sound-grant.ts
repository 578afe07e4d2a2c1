import type { KnownApproval } from './approval.state.js';
import { requirementsNow } from './approval.state.js';
import { type Ballot, type CountedVote, isMet, peopleOf, samePerson } from './decide-approval.js';

/**
 * Why what is on record is no grant after all; undefined when it is one. Worked out anew from the votes, for a reader who
 * does not take the word of the service that recorded the grant: enough humans, all of them different, whom they vote for
 * included, none of them the requester, each with the digest of this very request.
 */
export const grantDefect = (approval: KnownApproval): string | undefined => {
  const { status, request } = approval;
  if (status !== 'granted' && status !== 'used') return `it is ${status}`;
  const { ballot, votes } = ballotOf(approval);
  if (votes.some(({ vote, digest }) => vote !== 'approve' || digest !== request.digest))
    return 'a vote is not for what was asked';
  if (votes.flatMap(peopleOf).some((person) => samePerson(person, request.requester)))
    return 'its requester has voted for it';
  const isTwice = votes.some((vote, at) => {
    const earlier = votes.slice(0, at).flatMap(peopleOf);
    return peopleOf(vote).some((person) => earlier.some((known) => samePerson(known, person)));
  });
  if (isTwice) return 'somebody has voted twice';
  return isMet(ballot, votes) ? undefined : 'its votes are not enough';
};

/** The votes that were to decide, and on what: in an emergency others than those that policy asks for otherwise. */
const ballotOf = (
  approval: KnownApproval,
): { readonly ballot: Ballot; readonly votes: readonly CountedVote[] } => {
  const { request, how, breakers, votes } = approval;
  if (how !== 'break-glass')
    return { ballot: { ...request, requirements: requirementsNow(approval) }, votes };
  const { digest, requester, breakGlass } = request;
  return {
    ballot: {
      digest,
      requester,
      // Without the permission of policy nobody is enough.
      requirements: breakGlass?.roles.map((role) => ({ by: [role], count: 1 })) ?? [{ by: [], count: 1 }],
      distinct: true,
    },
    votes: breakers.map(({ by, roles, digest: shown, reason }) => ({
      vote: 'approve',
      approver: by,
      roles,
      digest: shown,
      reason,
    })),
  };
};
