import type { Person } from '#core/approval/approval.events.js';
import { requirementsNow } from '#core/approval/approval.state.js';
import { openReview } from '#core/approval/break-glass.js';
import { hasExpired, samePerson } from '#core/approval/decide-approval.js';
import type { Listed } from '#core/approval/listed.js';
import { rolesNamed } from '#core/approval/requirement.js';
import type { RestCaller } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';

/**
 * What a person is told instead of a form. It decides nothing: the vote itself is checked by the decider.
 * @param lent roles of others that the person may vote with by a delegation
 */
export const obstacleTo = (
  caller: RestCaller,
  { approval }: Listed,
  now: string,
  lent: readonly string[] = [],
): string | undefined => {
  const { status, request, votes } = approval;
  if (status !== 'pending') return 'It is decided; there is nothing to vote on any more.';
  if (hasExpired(request.expiresAt, now)) return 'Its time is over; there is nothing to vote on any more.';
  const person = personOf(caller);
  if (samePerson(request.requester, person))
    return 'You asked for this yourself. Somebody else must approve it.';
  if (votes.some(({ approver }) => samePerson(approver, person)))
    return 'You have voted. Somebody else must vote, too.';
  const eligible = rolesNamed(requirementsNow(approval));
  return [...caller.roles, ...lent].some((role) => eligible.includes(role))
    ? undefined
    : `You may look at it. These roles may vote: ${eligible.join(', ')}.`;
};

/** Whether the form is shown that grants it in an emergency. */
export const mayBreakGlass = (caller: RestCaller, { approval }: Listed, now: string): boolean => {
  const { status, request, breakers } = approval;
  return (
    status === 'pending' &&
    !hasExpired(request.expiresAt, now) &&
    caller.roles.some((role) => request.breakGlass?.roles.includes(role)) &&
    isOutside(caller, [request.requester, ...breakers.map(({ by }) => by)])
  );
};

/** Whether the form is shown that says afterwards what somebody found. */
export const mayReview = (caller: RestCaller, { approval }: Listed): boolean =>
  caller.roles.some((role) => openReview(approval)?.by.includes(role)) &&
  isOutside(caller, [approval.request.requester, ...approval.breakers.map(({ by }) => by)]);

const isOutside = (caller: RestCaller, people: readonly Person[]): boolean =>
  !people.some((person) => samePerson(person, personOf(caller)));
