import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import {
  type Delegate,
  decideDelegation,
  decideRevocation,
  decideUse,
  type UseOfDelegation,
} from './decide-delegation.js';
import type { DelegationEvent } from './delegation.events.js';
import { type DelegationState, evolveDelegation, NO_DELEGATION } from './delegation.state.js';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString();
const person = (name: string, human?: string) => ({
  principal: name,
  issuer: 'https://idp',
  subject: name,
  ...(human !== undefined && { human }),
});
const MAX_S = 1_000;
const terms = (more: Partial<Delegate> = {}): Delegate => ({
  delegator: person('manager', '1'),
  delegate: person('deputy'),
  roles: ['manager'],
  held: ['manager', 'risk', 'clerk'],
  isMachine: false,
  limits: [
    { role: 'manager', max_s: MAX_S },
    { role: 'risk', max_s: 100 },
  ],
  until: at(500),
  reason: 'holiday',
  now: at(0),
  ...more,
});
const fold = (events: readonly DelegationEvent[], from: DelegationState = NO_DELEGATION): DelegationState =>
  events.reduce<DelegationState>(evolveDelegation, from);
const given = (more: Partial<Delegate> = {}): DelegationState => fold(decideDelegation(terms(more)));
const use = (more: Partial<UseOfDelegation> = {}): UseOfDelegation => ({
  approvalId: 'a',
  server: 'bank',
  tool: 'transfer',
  by: person('deputy'),
  actsFor: ['manager'],
  now: at(10),
  ...more,
});
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};
const detail = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as CountersignError).detail ?? '';
  }
  return 'accepted';
};

/** Rights of somebody who is no administrator, and to whom only their own are shown. */
const NEITHER = { isAdmin: false, seesAll: false };

describe('a delegation', () => {
  it('is given by who holds the role now, from now unless said otherwise', () => {
    expect(decideDelegation(terms({ reason: ' holiday ' }))).toEqual([
      {
        type: 'DelegationGranted',
        v: 1,
        data: {
          delegator: person('manager', '1'),
          delegate: person('deputy'),
          roles: ['manager'],
          from: at(0),
          until: at(500),
          reason: 'holiday',
        },
      },
    ]);
  });

  it.each<[string, Partial<Delegate>, string]>([
    [
      'of a role that one does not hold, or holds by delegation only',
      { held: ['clerk'] },
      'you do not hold: manager',
    ],
    ['of no role', { roles: [] }, 'you do not hold'],
    ['by a machine', { isMachine: true }, 'only a person'],
    ['to oneself', { delegate: person('manager') }, 'to yourself'],
    ['to oneself through another account', { delegate: person('other', '1') }, 'to yourself'],
    ['of a role that policy keeps', { roles: ['clerk'] }, 'policy does not let clerk'],
    [
      'for longer than policy lets any of its roles',
      { roles: ['manager', 'risk'] },
      'risk be delegated for 100 s',
    ],
    ['for a second too long', { until: at(MAX_S + 1) }, 'for 1000 s from now'],
    ['for later, and then too long from now', { from: at(900), until: at(MAX_S + 1) }, 'for 1000 s from now'],
    ['that begins in the past', { from: at(-1) }, 'begins in the past'],
    ['that ends when it begins', { from: at(500) }, 'ends before it begins'],
    ['that is over', { until: at(0) }, 'ends before it begins'],
  ])('%s is refused', (_, more, why) => {
    expect(code(() => decideDelegation(terms(more)))).toBe('delegation_refused');
    expect(detail(() => decideDelegation(terms(more)))).toContain(why);
  });

  it('for as long as policy lets is given; without a reason it is not', () => {
    expect(code(() => decideDelegation(terms({ until: at(MAX_S) })))).toBe('accepted');
    expect(code(() => decideDelegation(terms({ reason: ' \u200b' })))).toBe('reason_missing');
  });
});

describe('the use of a delegation', () => {
  it.each<[string, Partial<Delegate>, Partial<UseOfDelegation>, string]>([
    ['at its first second', { from: at(10) }, {}, 'accepted'],
    ['a second before', { from: at(11) }, {}, 'it begins at'],
    ['at its last second', {}, { now: at(499) }, 'accepted'],
    ['at its end', {}, { now: at(500) }, 'it ended at'],
    ['for its server', { servers: ['bank'] }, {}, 'accepted'],
    ['for another server', { servers: ['files'] }, {}, 'not for bank'],
    ['for its tool', { tools: ['bank/transfer'] }, {}, 'accepted'],
    ['for the same tool of another server', { tools: ['files/transfer'] }, {}, 'not for bank/transfer'],
    ['by who lost the role of a deputy', {}, { actsFor: [] }, 'do not let you act'],
    ['by a deputy of other roles', {}, { actsFor: ['risk'] }, 'do not let you act'],
    ['by the delegator behind the other account', {}, { by: person('deputy', '1') }, 'the same person'],
  ])('%s: %s', (_, more, used, why) => {
    expect(detail(() => decideUse(given(more), use(used)))).toContain(why);
  });

  it('by anybody else does not exist, whatever they are called', () => {
    const others = [
      person('thief'),
      { ...person('deputy'), subject: 'thief' },
      { ...person('deputy'), issuer: 'https://other' },
    ];
    for (const by of others) expect(code(() => decideUse(given(), use({ by })))).toBe('delegation_unknown');
    expect(code(() => decideUse(NO_DELEGATION, use()))).toBe('delegation_unknown');
  });

  it('is counted once for each approval, and never more often than it may be', () => {
    const first = fold(decideUse(given({ uses: 2 }), use()), given({ uses: 2 }));
    expect(decideUse(first, use())).toEqual([]);
    const second = decideUse(first, use({ approvalId: 'b' }));
    expect(second).toEqual([{ type: 'DelegationUsed', v: 1, data: { approvalId: 'b', use: 2 } }]);
    expect(detail(() => decideUse(fold(second, first), use({ approvalId: 'c' })))).toContain('used up');
    expect(decideUse(fold(second, first), use())).toEqual([]);
  });

  it('ends with its revocation, also for an approval it was used for', () => {
    const used = fold(decideUse(given(), use()), given());
    const revoked = fold(decideRevocation(used, { by: person('manager'), ...NEITHER, reason: '' }), used);
    expect(detail(() => decideUse(revoked, use()))).toContain('revoked');
  });
});

describe('the revocation of a delegation', () => {
  it.each<[string, string, typeof NEITHER, string]>([
    ['who gave it', 'manager', NEITHER, 'accepted'],
    ['who has it', 'deputy', NEITHER, 'accepted'],
    ['an administrator', 'admin', { isAdmin: true, seesAll: true }, 'accepted'],
    ['somebody who sees it, and no more', 'examiner', { isAdmin: false, seesAll: true }, 'forbidden'],
    ['anybody else, as of one that does not exist', 'clerk', NEITHER, 'delegation_unknown'],
  ])('by %s', (_, name, rights, expected) => {
    expect(code(() => decideRevocation(given(), { by: person(name), ...rights, reason: 'x' }))).toBe(
      expected,
    );
  });

  it('is recorded once, and of nothing is refused', () => {
    const by = { by: person('manager'), ...NEITHER, reason: 'back' };
    const revoked = fold(decideRevocation(given(), by), given());
    expect(decideRevocation(revoked, by)).toEqual([]);
    expect(code(() => decideRevocation(NO_DELEGATION, by))).toBe('delegation_unknown');
  });
});
