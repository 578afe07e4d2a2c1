import type { Person } from '../approval.events.js';
import { isWithin, type Period, type Reported } from './reported.js';

export interface DutiesReport {
  /** Most approvals first. */
  readonly pairs: readonly DutyPair[];
  /** How many more there are than fit. */
  readonly left_out: number;
}

/** Who decided for whom, and how often. */
export interface DutyPair {
  readonly approver: Account;
  readonly requester: Account;
  readonly approved: number;
  readonly denied: number;
  /** Both are the same human: never to be seen, for such votes are refused. */
  readonly self: boolean;
  /** Each has approved for the other: lawful, and worth a look. */
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
    within.flatMap(({ requester, votes }) => [requester, ...votes.map(({ approver }) => approver)]),
  );
  const pairs = new Map<
    string,
    { readonly of: Pick<DutyPair, 'approver' | 'requester'>; approved: number; denied: number }
  >();
  for (const { requester, votes } of within)
    for (const { vote, approver } of votes) {
      const key = pairKey(humanOf(approver), humanOf(requester));
      const of = { approver, requester };
      const pair = pairs.get(key) ?? { of, approved: 0, denied: 0 };
      pairs.set(key, pair);
      if (vote === 'approve') pair.approved += 1;
      else pair.denied += 1;
    }
  const flagged = [...pairs.values()].map(({ of, approved, denied }): DutyPair => {
    const [approver, requester] = [humanOf(of.approver), humanOf(of.requester)];
    const self = approver === requester;
    const back = pairs.get(pairKey(requester, approver))?.approved ?? 0;
    return {
      ...{ approver: accountOf(of.approver), requester: accountOf(of.requester), approved, denied, self },
      mutual: !self && approved > 0 && back > 0,
    };
  });
  flagged.sort((a, b) => b.approved - a.approved || b.denied - a.denied || (nameOf(a) < nameOf(b) ? -1 : 1));
  return { pairs: flagged.slice(0, pairs_max), left_out: Math.max(0, flagged.length - pairs_max) };
};

const accountOf = ({ principal, issuer, subject }: Account): Account => ({ principal, issuer, subject });
/** No name has a line break but this one. */
const pairKey = (approver: string, requester: string): string => `${approver}\n${requester}`;
const nameOf = ({ approver, requester }: DutyPair): string =>
  JSON.stringify([approver.principal, requester.principal]);

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
