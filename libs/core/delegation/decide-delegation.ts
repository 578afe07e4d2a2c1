import type { Person } from '../approval/approval.events.js';
import { hasExpired, samePerson } from '../approval/decide-approval.js';
import { CountersignError } from '../errors.js';
import { saidText } from '../visible-text.js';
import type { DelegationGranted, DelegationRevoked, DelegationUsed } from './delegation.events.js';
import type { DelegationState, KnownDelegation } from './delegation.state.js';

export const ROLES_MAX = 20;
export const USES_MAX = 1_000;
export const TARGETS_MAX = 50;

/** For how long policy lets a role be delegated. */
export interface DelegationLimit {
  readonly role: string;
  readonly max_s: number;
}

export interface Delegate extends Omit<DelegationGranted['data'], 'from'> {
  /** Absent = now. */
  readonly from?: string | undefined;
  /** What the delegator's token says now. */
  readonly held: readonly string[];
  readonly isMachine: boolean;
  readonly limits: readonly DelegationLimit[];
  readonly now: string;
}

/**
 * By a human who holds the roles at this moment, in person: what somebody holds by delegation is in no token, so that nothing is
 * delegated on. The longest time counts from now, also for one that begins later: who has left by then has delegated nothing.
 * @throws CountersignError delegation_refused, reason_missing
 */
export const decideDelegation = (command: Delegate): readonly [DelegationGranted] => {
  const { held, isMachine, limits, now, from = now, ...terms } = command;
  const { delegator, delegate, roles, until } = terms;
  const reason = saidText(terms.reason);
  if (reason === '') throw new CountersignError('reason_missing', 'say why you delegate');
  if (isMachine) refuse('only a person may delegate');
  if (samePerson(delegator, delegate)) refuse('to yourself');
  const missing = roles.filter((role) => !held.includes(role));
  if (roles.length === 0 || missing.length > 0) refuse(`you do not hold: ${missing.join(', ')}`);
  if (Date.parse(from) < Date.parse(now)) refuse('it begins in the past');
  if (hasExpired(until, from)) refuse('it ends before it begins');
  for (const role of roles) {
    const limit = limits.find((each) => each.role === role);
    if (limit === undefined) throw refused(`policy does not let ${role} be delegated`);
    if (Date.parse(until) - Date.parse(now) > limit.max_s * 1_000)
      refuse(`policy lets ${role} be delegated for ${limit.max_s} s from now at most`);
  }
  return [
    {
      type: 'DelegationGranted',
      v: 1,
      data: { ...terms, roles: [...new Set(roles)].sort(), from, reason },
    },
  ];
};

export interface UseOfDelegation {
  readonly approvalId: string;
  readonly server: string;
  readonly tool: string;
  readonly by: Person;
  /** The roles whose delegates the caller's own roles may be, by the policy of now. */
  readonly actsFor: readonly string[];
  readonly now: string;
}

/**
 * The roles with which a delegate may vote now, exact to the second by the recorded clock; none when the policy of now has none
 * for them. @throws CountersignError delegation_unknown, delegation_refused
 */
export const checkUse = (state: DelegationState, use: UseOfDelegation): readonly string[] => {
  const { grant, status, used } = own(state, use.by);
  if (status === 'revoked') refuse('it is revoked');
  if (!hasExpired(grant.from, use.now)) refuse(`it begins at ${grant.from}`);
  if (hasExpired(grant.until, use.now)) refuse(`it ended at ${grant.until}`);
  if (grant.uses !== undefined && used.length >= grant.uses && !used.includes(use.approvalId))
    refuse(`its ${grant.uses} uses are used up`);
  if (!(grant.servers?.includes(use.server) ?? true)) refuse(`it is not for ${use.server}`);
  if (!(grant.tools?.includes(`${use.server}/${use.tool}`) ?? true))
    refuse(`it is not for ${use.server}/${use.tool}`);
  if (samePerson(grant.delegator, use.by)) refuse('the delegator is the same person');
  const roles = grant.roles.filter((role) => use.actsFor.includes(role));
  if (roles.length === 0) refuse('your own roles do not let you act for these roles');
  return roles;
};

/** Counts a use, once for each approval. @throws CountersignError of `checkUse` */
export const decideUse = (state: DelegationState, use: UseOfDelegation): readonly DelegationUsed[] => {
  checkUse(state, use);
  const { used } = own(state, use.by);
  const { approvalId } = use;
  return used.includes(approvalId)
    ? []
    : [{ type: 'DelegationUsed', v: 1, data: { approvalId, use: used.length + 1 } }];
};

export interface RevokeDelegation {
  readonly by: Person;
  readonly isAdmin: boolean;
  /** Others than who gave it, who has it and administrators, to whom it is shown all the same; to the rest it does not exist. */
  readonly seesAll: boolean;
  readonly reason: string;
}

/**
 * By who gave it, who has it, or who looks after delegations. Again is no error.
 * @throws CountersignError delegation_unknown, forbidden
 */
export const decideRevocation = (
  state: DelegationState,
  { by, isAdmin, seesAll, reason }: RevokeDelegation,
): readonly DelegationRevoked[] => {
  if (state.status === 'none') throw new CountersignError('delegation_unknown');
  const maySee = isAdmin || seesAll || isParty(state, by);
  if (!maySee) throw new CountersignError('delegation_unknown');
  if (!isAdmin && !isParty(state, by))
    throw new CountersignError('forbidden', 'only who gave it, who has it, and its administrators');
  return state.status === 'revoked' ? [] : [{ type: 'DelegationRevoked', v: 1, data: { by, reason } }];
};

export const isParty = ({ grant }: KnownDelegation, person: Person): boolean =>
  samePerson(grant.delegator, person) || isAccount(grant.delegate, person);

/** The very account that was named: a name or a human behind another account is not enough to act for somebody. */
const isAccount = (a: Person, b: Person): boolean => a.issuer === b.issuer && a.subject === b.subject;

/** To others than its delegate it does not exist. */
const own = (state: DelegationState, by: Person): KnownDelegation => {
  if (state.status === 'none' || !isAccount(state.grant.delegate, by))
    throw new CountersignError('delegation_unknown');
  return state;
};

const refused = (why: string): CountersignError => new CountersignError('delegation_refused', why);
const refuse = (why: string): void => {
  throw refused(why);
};
