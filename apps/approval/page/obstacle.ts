import { requirementsNow } from '#core/approval/approval.state.js';
import { hasExpired, samePerson } from '#core/approval/decide-approval.js';
import { rolesNamed } from '#core/approval/requirement.js';
import type { RestCaller } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import type { Listed } from '../directory.js';

/** What a person is told instead of a form. It decides nothing: the vote itself is checked by the decider. */
export const obstacleTo = (caller: RestCaller, { approval }: Listed, now: string): string | undefined => {
  const { status, request, votes } = approval;
  if (status !== 'pending') return 'It is decided; there is nothing to vote on any more.';
  if (hasExpired(request.expiresAt, now)) return 'Its time is over; there is nothing to vote on any more.';
  const person = personOf(caller);
  if (samePerson(request.requester, person))
    return 'You asked for this yourself. Somebody else must approve it.';
  if (votes.some(({ approver }) => samePerson(approver, person)))
    return 'You have voted. Somebody else must vote, too.';
  const eligible = rolesNamed(requirementsNow(approval));
  return caller.roles.some((role) => eligible.includes(role))
    ? undefined
    : `You may look at it. These roles may vote: ${eligible.join(', ')}.`;
};
