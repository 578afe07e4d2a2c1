import { Inject, Injectable } from '@nestjs/common';
import { type KnownApproval, requirementsNow } from '#core/approval/approval.state.js';
import { peopleOf, samePerson } from '#core/approval/decide-approval.js';
import type { Listed } from '#core/approval/listed.js';
import { rolesNamed } from '#core/approval/requirement.js';
import type { RestCaller } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { DelegationDirectory, type ListedDelegation } from './delegation-directory.js';
import { type Acting, Delegations } from './delegations.js';

/** For whom a caller votes: in person as far as their own roles go, else by a delegation. */
@Injectable()
export class ActingFor {
  constructor(
    @Inject(Delegations) private readonly delegations: Delegations,
    @Inject(DelegationDirectory) private readonly directory: DelegationDirectory,
  ) {}

  /** With which roles of others the caller might vote on this now; what they may see follows from it. */
  rolesFor(caller: RestCaller, listed: Listed): readonly string[] {
    return this.usable(caller, listed).flatMap(({ delegation }) => delegation.grant.roles);
  }

  /**
   * Undefined: in person. A delegation that is named is used, or refused.
   * @throws CountersignError delegation_unknown, delegation_refused, ledger_*
   */
  async of(caller: RestCaller, listed: Listed, named: string | undefined): Promise<Acting | undefined> {
    const eligible = rolesNamed(requirementsNow(listed.approval));
    const inPerson = caller.roles.some((role) => eligible.includes(role));
    const id =
      named ??
      (inPerson ? undefined : mostUseful(listed.approval, this.usable(caller, listed))?.delegationId);
    if (id === undefined) return undefined;
    return this.delegations.look(id, { ...useOf(caller, listed), now: new Date().toISOString() });
  }

  private usable(caller: RestCaller, listed: Listed) {
    const { actsFor = [] } = caller;
    if (actsFor.length === 0) return [];
    const { server, tool } = listed.approval.request;
    const eligible = rolesNamed(requirementsNow(listed.approval)).filter((role) => actsFor.includes(role));
    return this.directory
      .openTo(personOf(caller), new Date().toISOString())
      .filter(({ delegation: { grant } }) => grant.roles.some((role) => eligible.includes(role)))
      .filter(({ delegation: { grant } }) => grant.servers?.includes(server) ?? true)
      .filter(({ delegation: { grant } }) => grant.tools?.includes(`${server}/${tool}`) ?? true);
  }
}

/**
 * Whose delegator has neither asked nor counted yet, where there is such a one: nobody names one on the page. Otherwise the first,
 * with which the vote is refused for the reason that holds.
 */
export const mostUseful = (
  { request, votes }: Pick<KnownApproval, 'request' | 'votes'>,
  usable: readonly ListedDelegation[],
): ListedDelegation | undefined => {
  const settled = [request.requester, ...votes.flatMap(peopleOf)];
  const isFree = ({ delegation }: ListedDelegation): boolean =>
    !settled.some((person) => samePerson(person, delegation.grant.delegator));
  return usable.find(isFree) ?? usable[0];
};

/** What the limits of a delegation are compared with. */
export const useOf = (caller: RestCaller, { approvalId, approval }: Listed) => ({
  approvalId,
  server: approval.request.server,
  tool: approval.request.tool,
  by: personOf(caller),
  actsFor: caller.actsFor ?? [],
});
