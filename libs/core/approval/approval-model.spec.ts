import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { ApprovalEvent, ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from './approval.state.js';
import { decideBreakGlass } from './break-glass.js';
import { checkWithdrawal, decideLook, decideVote, decideWithdrawal } from './decide-approval.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const START = Date.UTC(2026, 10, 22, 12);
const at = (minute: number): string => new Date(START + minute * 60_000).toISOString();
const ESCALATES = 10;
const EXPIRES = 20;

/** After so many minutes each; the last one never comes. */
const REMINDERS = [5, 12, EXPIRES];

/** Accounts: who is behind each (two have the same human), and what they may do. */
const PEOPLE = {
  requester: { human: 'h0', roles: ['risk', 'operations', 'director'] },
  'requester-2': { human: 'h0', roles: ['risk', 'operations', 'director'] },
  risk: { human: 'h1', roles: ['risk'] },
  'risk-2': { human: 'h1', roles: ['operations'] },
  both: { human: 'h2', roles: ['risk', 'operations'] },
  operations: { human: 'h3', roles: ['operations'] },
  director: { human: 'h4', roles: ['director'] },
  clerk: { human: 'h5', roles: ['clerk'] },
  commander: { human: 'h6', roles: ['commander'] },
  security: { human: 'h7', roles: ['security'] },
  // Holds both, and the first one's second account.
  emergency: { human: 'h6', roles: ['commander', 'security'] },
} as const;
type Account = keyof typeof PEOPLE;
const personOf = (account: Account) => ({
  principal: account,
  issuer: `https://${account}`,
  subject: account,
  human: PEOPLE[account].human,
});

const REQUESTED = {
  type: 'ApprovalRequested',
  v: 1,
  data: {
    callId: 'c',
    digest: DIGEST,
    requester: { ...personOf('requester'), client: 'agent', agent: '' },
    requirements: [
      { by: ['risk'], count: 1 },
      { by: ['operations'], count: 1, escalate: { after_s: ESCALATES * 60, to: ['director'] } },
    ],
    distinct: true,
    requestedAt: at(0),
    reminders_s: REMINDERS.map((minute) => minute * 60),
    breakGlass: { roles: ['commander', 'security'], review: ['clerk'], within_s: 60 },
    expiresAt: at(EXPIRES),
  },
} as unknown as ApprovalRequested;

type Step =
  | {
      readonly kind: 'vote';
      readonly vote: 'approve' | 'deny';
      readonly account: Account;
      readonly flaw: Flaw;
      /** Votes with the roles of this account. */
      readonly behalf?: Account | undefined;
    }
  | { readonly kind: 'glass'; readonly account: Account; readonly flaw: Flaw }
  | { readonly kind: 'look' }
  | { readonly kind: 'withdraw'; readonly account: Account };
type Flaw = 'none' | 'digest' | 'machine' | 'agent' | 'no reason';

/** One risk and one other human of operations (later: or a director), no denial, in time: counted by trying all pairs. */
const createReference = () => {
  let status = 'pending';
  let reminded = 0;
  const approved = new Map<string, readonly string[]>();
  const spoken = new Set<string>();
  const broken = new Map<string, readonly string[]>();
  const isBroken = (): boolean =>
    [...broken].some(
      ([a, roles]) =>
        roles.includes('commander') &&
        [...broken].some(([b, others]) => a !== b && others.includes('security')),
    );
  const isEnough = (minute: number): boolean => {
    const second = minute >= ESCALATES ? ['operations', 'director'] : ['operations'];
    const all = [...approved];
    return all.some(
      ([a, roles]) =>
        roles.includes('risk') &&
        all.some(([b, others]) => a !== b && others.some((one) => second.includes(one))),
    );
  };
  const vote = (step: Step & { readonly kind: 'vote' }, minute: number): void => {
    const humans = [step.account, ...(step.behalf === undefined ? [] : [step.behalf])].map(
      (name) => PEOPLE[name].human,
    );
    const { human, roles } = PEOPLE[step.behalf ?? step.account];
    const mayVote = roles.some(
      (role) => role === 'risk' || role === 'operations' || (role === 'director' && minute >= ESCALATES),
    );
    const valid = step.flaw === 'none' || (step.flaw === 'no reason' && step.vote === 'approve');
    const isTaken = humans.some((one) => one === 'h0' || spoken.has(one));
    if (isTaken || !mayVote || !valid) return;
    for (const one of humans) spoken.add(one);
    if (step.vote === 'deny') status = 'denied';
    else approved.set(human, roles);
    if (status === 'pending' && isEnough(minute)) status = 'granted';
  };
  const breakGlass = (step: Step & { readonly kind: 'glass' }): void => {
    const { human, roles } = PEOPLE[step.account];
    const may = roles.some((role) => role === 'commander' || role === 'security');
    if (human === 'h0' || broken.has(human) || !may || step.flaw !== 'none') return;
    broken.set(human, roles);
    if (isBroken()) status = 'granted';
  };
  const look = (minute: number): void => {
    const over = minute >= EXPIRES;
    if (status === 'pending' && !over && isEnough(minute)) status = 'granted';
    if ((status === 'pending' || status === 'granted') && over) status = 'expired';
    if (status === 'pending') reminded = REMINDERS.filter((due) => due <= minute).length;
  };
  return {
    status: () => status,
    reminded: () => reminded,
    step: (step: Step, minute: number): void => {
      if (step.kind === 'look') {
        look(minute);
        return;
      }
      if (step.kind === 'withdraw') {
        const isOpen = status === 'pending' || status === 'granted';
        if (PEOPLE[step.account].human === 'h0' && isOpen) status = 'withdrawn';
        return;
      }
      if (status !== 'pending' || minute >= EXPIRES) return;
      if (step.kind === 'vote') vote(step, minute);
      else breakGlass(step);
    },
  };
};

const decide = (state: ApprovalState, step: Step, now: string): readonly ApprovalEvent[] => {
  if (step.kind === 'look') return decideLook(state, now);
  if (step.kind === 'withdraw') {
    checkWithdrawal(state, personOf(step.account));
    return decideWithdrawal(state, 'no longer needed');
  }
  const { account, flaw } = step;
  const act = {
    isMachine: flaw === 'machine',
    client: flaw === 'agent' ? 'agent' : 'console',
    digest: flaw === 'digest' ? undefined : DIGEST,
    reason: flaw === 'no reason' ? undefined : 'because',
    now,
  };
  if (step.kind === 'glass')
    return decideBreakGlass(state, { ...act, person: personOf(account), roles: PEOPLE[account].roles });
  const { vote, behalf } = step;
  return decideVote(state, {
    ...act,
    vote,
    approver: personOf(account),
    roles: PEOPLE[behalf ?? account].roles,
    ...(behalf !== undefined && { onBehalfOf: { delegation: 'd', person: personOf(behalf) } }),
  });
};

const account = fc.constantFrom(...(Object.keys(PEOPLE) as Account[]));
const flaw = fc.constantFrom<Flaw>(
  'none',
  'none',
  'none',
  'none',
  'none',
  'digest',
  'machine',
  'agent',
  'no reason',
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      vote: fc.constantFrom('approve', 'approve', 'approve', 'approve', 'deny'),
      account,
      flaw,
      behalf: fc.option(account, { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'look' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('glass' as const),
      account: fc.oneof(fc.constantFrom<Account>('commander', 'security', 'emergency'), account),
      flaw,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), account }) },
);
const schedule = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), step), { maxLength: 14 });

describe('an approval', () => {
  it('stands, after any schedule of votes, votes for others, broken glass, looks and withdrawals, where a simple reference says', () => {
    const seen = new Set<string>();
    const ways = new Set<string>();
    fc.assert(
      fc.property(schedule, (steps) => {
        const reference = createReference();
        let state = evolveApproval(NO_APPROVAL, REQUESTED);
        let minute = 0;
        for (const [later, each] of steps) {
          minute += later;
          try {
            state = decide(state, each, at(minute)).reduce<ApprovalState>(evolveApproval, state);
          } catch (error) {
            expect(error).toBeInstanceOf(CountersignError);
          }
          reference.step(each, minute);
          expect(state.status).toBe(reference.status());
          if (state.status === 'pending') expect(state.reminded).toBe(reference.reminded());
          if (state.status !== 'none') ways.add(state.how ?? state.status);
        }
        seen.add(state.status);
      }),
      { numRuns: 5_000 },
    );
    expect([...ways]).toEqual(expect.arrayContaining(['granted', 'break-glass']));
    expect([...seen].sort()).toEqual(['denied', 'expired', 'granted', 'pending', 'withdrawn']);
  });
});
