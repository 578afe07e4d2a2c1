import type { Person } from '../approval.events.js';
import { peopleOf } from '../decide-approval.js';
import { isWithin, type Period, type Reported, type ReportedVote } from './reported.js';

export interface DutiesReport {
  /** Most approvals first. */
  readonly pairs: readonly DutyPair[];
  /** How many more there are than fit. */
  readonly left_out: number;
}

/** Who decided for whom, and how often. */
export interface DutyPair {
  readonly approver: Account;
  /** Whose delegate the approver was; null: in person. */
  readonly onBehalfOf: Account | null;
  readonly requester: Account;
  readonly approved: number;
  readonly denied: number;
  /** The requester is the human who voted or for whom it was: never to be seen, for such votes are refused. */
  readonly self: boolean;
  /** The requester has approved for one of the other side, in person or through a delegate: lawful, and worth a look. */
  readonly mutual: boolean;
}

type Account = Pick<Person, 'principal' | 'issuer' | 'subject'>;

export interface DutiesQuery extends Period {
  readonly pairs_max: number;
}

/**
 * Segregation of duties over what was asked for in the period. Accounts that some record shows to be of one human are one
 * person here, also where another record does not say so.
 */
export const dutiesReport = (
  all: readonly Reported[],
  { pairs_max, ...period }: DutiesQuery,
): DutiesReport => {
  const within = all.filter(({ requestedAt }) => isWithin(requestedAt, period));
  const humanOf = sameHumans(
    within.flatMap(({ requester, votes }) => [requester, ...votes.flatMap(peopleOf)]),
  );
  const pairs = new Map<string, Counted>();
  /** Who has approved for whom, delegates and those for whom they voted alike. */
  const approvals = new Set<string>();
  for (const { requester, votes } of within)
    for (const cast of votes) {
      const people = peopleOf(cast).map(humanOf);
      const key = keyOf(...people, humanOf(requester));
      const pair = pairs.get(key) ?? { of: { requester, cast }, approved: 0, denied: 0 };
      pairs.set(key, pair);
      if (cast.vote === 'approve') pair.approved += 1;
      else pair.denied += 1;
      if (cast.vote === 'approve')
        for (const person of people) approvals.add(keyOf(person, humanOf(requester)));
    }
  const flagged = [...pairs.values()].map(({ of: { requester, cast }, approved, denied }): DutyPair => {
    const [people, asked] = [peopleOf(cast).map(humanOf), humanOf(requester)];
    const self = people.includes(asked);
    return {
      approver: accountOf(cast.approver),
      onBehalfOf: cast.onBehalfOf === undefined ? null : accountOf(cast.onBehalfOf.person),
      ...{ requester: accountOf(requester), approved, denied, self },
      mutual: !self && approved > 0 && people.some((person) => approvals.has(keyOf(asked, person))),
    };
  });
  flagged.sort((a, b) => b.approved - a.approved || b.denied - a.denied || (nameOf(a) < nameOf(b) ? -1 : 1));
  return { pairs: flagged.slice(0, pairs_max), left_out: Math.max(0, flagged.length - pairs_max) };
};

interface Counted {
  readonly of: { readonly requester: Person; readonly cast: ReportedVote };
  approved: number;
  denied: number;
}

const accountOf = ({ principal, issuer, subject }: Account): Account => ({ principal, issuer, subject });
/** No name has a line break but this one. */
const keyOf = (...people: readonly string[]): string => people.join('\n');
const nameOf = ({ approver, onBehalfOf, requester }: DutyPair): string =>
  JSON.stringify([approver.principal, requester.principal, onBehalfOf?.principal ?? '']);

/** One name for all accounts that are of one human, by whichever claims connect them (union-find). */
const sameHumans = (people: readonly Person[]): ((person: Account) => string) => {
  const above = new Map<string, string>();
  const top = (name: string): string => {
    let at = name;
    for (let next = above.get(at); next !== undefined; next = above.get(at)) at = next;
    // The way is made short, so that a long chain is walked once.
    for (let each = name; each !== at; ) {
      const next = above.get(each) ?? at;
      above.set(each, at);
      each = next;
    }
    return at;
  };
  const bySubject = new Map<string, Map<string, string>>();
  const account = ({ issuer, subject }: Account): string => {
    const subjects = bySubject.get(issuer) ?? new Map<string, string>();
    bySubject.set(issuer, subjects);
    const name = subjects.get(subject) ?? JSON.stringify([issuer, subject]);
    subjects.set(subject, name);
    return name;
  };
  for (const person of people) {
    if (person.human === undefined) continue;
    const [a, b] = [top(account(person)), top(JSON.stringify(person.human))];
    if (a !== b) above.set(a, b);
  }
  return (person) => top(account(person));
};
