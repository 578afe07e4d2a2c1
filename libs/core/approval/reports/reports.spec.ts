import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person } from '../approval.events.js';
import { decisionsReport } from './decisions-report.js';
import { dutiesReport } from './duties-report.js';
import { pendingReport } from './pending-report.js';
import type { Reported } from './reported.js';

const NOW = '2026-11-28T12:00:00.000Z';
const ago = (s: number): string => new Date(Date.parse(NOW) - s * 1_000).toISOString();
const person = (name: string, changes: Partial<Person> = {}): Person => ({
  principal: name,
  issuer: 'https://id.bank.example',
  subject: `s-${name}`,
  ...changes,
});
const reported = (changes: Partial<Reported> = {}): Reported => ({
  id: 'a-1',
  requester: person('ana'),
  server: 'bank',
  tool: 'transfer',
  requestedAt: ago(60),
  expiresAt: ago(-3_600),
  votes: [],
  ...changes,
});
const voted = (requester: Person, ...votes: readonly (readonly ['approve' | 'deny', Person])[]): Reported =>
  reported({ requester, votes: votes.map(([vote, approver]) => ({ vote, approver })) });

const votedFor = (
  requester: Person,
  approver: Person,
  of: Person,
  vote: 'approve' | 'deny' = 'approve',
): Reported => reported({ requester, votes: [{ vote, approver, onBehalfOf: { person: of } }] });

describe('the report of what is pending', () => {
  it('counts each once by its age, with ages at the very border in the older group', () => {
    const ages = [0, 299, 300, 3_599, 3_600, 14_400, 86_399, 86_400, 900_000];
    const all = ages.map((age_s) => reported({ id: `a-${age_s}`, requestedAt: ago(age_s) }));
    const report = pendingReport(all, { now: NOW, items_max: 100 });
    expect(report.ages).toEqual([
      { under_s: 300, count: 2 },
      { under_s: 3_600, count: 2 },
      { under_s: 14_400, count: 1 },
      { under_s: 86_400, count: 2 },
      { under_s: null, count: 2 },
    ]);
    expect(report.total).toBe(ages.length);
    expect(report.items.map(({ age_s }) => age_s)).toEqual(ages.toReversed());
  });

  it('leaves out what is decided, what nobody can approve any more, and what is outside the period', () => {
    const all = [
      reported({ decided: { as: 'granted', at: ago(1) } }),
      reported({ expiresAt: NOW }),
      reported({ requestedAt: ago(101) }),
      reported({ requestedAt: ago(50) }),
      reported({ id: 'within', requestedAt: ago(100) }),
    ];
    const report = pendingReport(all, { now: NOW, items_max: 100, from: ago(100), to: ago(50) });
    expect(report.items.map(({ id }) => id)).toEqual(['within']);
  });

  it('shows the oldest when there are too many, and how many it left out', () => {
    const all = [30, 10, 20].map((age_s) => reported({ id: `a-${age_s}`, requestedAt: ago(age_s) }));
    const report = pendingReport(all, { now: NOW, items_max: 2 });
    expect(report.items.map(({ id }) => id)).toEqual(['a-30', 'a-20']);
    expect(report).toMatchObject({ total: 3, left_out: 1 });
  });
});

describe('the report of decisions', () => {
  const decided = (wait_s: number, changes: Partial<Reported> = {}): Reported =>
    reported({ requestedAt: ago(wait_s), decided: { as: 'granted', at: NOW }, ...changes });

  it('has the median, the percentiles and the longest wait by nearest rank', () => {
    const waits = Array.from({ length: 100 }, (_, at) => at + 1);
    const report = decisionsReport(
      waits.map((s) => decided(s)),
      { tools_max: 100 },
    );
    const expected = {
      count: 100,
      median_ms: 50_000,
      p90_ms: 90_000,
      p99_ms: 99_000,
      max_ms: 100_000,
      delegated: 0,
    };
    expect(report.outcomes).toEqual([{ outcome: 'granted', ...expected }]);
    expect(report.tools).toEqual([{ server: 'bank', tool: 'transfer', outcome: 'granted', ...expected }]);
  });

  it('keeps servers, tools and outcomes apart, and is empty where nothing was decided', () => {
    const report = decisionsReport(
      [
        decided(1),
        decided(2, { tool: 'close' }),
        decided(3, { server: 'warehouse' }),
        decided(4, { decided: { as: 'denied', at: NOW } }),
        reported(),
      ],
      { tools_max: 100 },
    );
    expect(report.tools.map(({ server, tool, outcome, max_ms }) => [server, tool, outcome, max_ms])).toEqual([
      ['bank', 'close', 'granted', 2_000],
      ['bank', 'transfer', 'granted', 1_000],
      ['bank', 'transfer', 'denied', 4_000],
      ['warehouse', 'transfer', 'granted', 3_000],
    ]);
    expect(decisionsReport([reported()], { tools_max: 100 })).toEqual({
      outcomes: [],
      tools: [],
      left_out: 0,
    });
    const two = [decided(1), decided(2, { tool: 'close' })];
    expect(decisionsReport(two, { tools_max: 1 })).toMatchObject({ tools: [{ tool: 'close' }], left_out: 1 });
  });

  it('goes by the time of the decision', () => {
    const all = [decided(10, { decided: { as: 'denied', at: ago(5) } }), decided(10)];
    expect(decisionsReport(all, { from: ago(5), to: NOW, tools_max: 9 }).outcomes).toMatchObject([
      { outcome: 'denied', count: 1 },
    ]);
  });

  it('counts those that a delegate had a vote in', () => {
    const votes = [{ vote: 'approve' as const, approver: person('ben') }];
    const delegated = votes.map((vote) => ({ ...vote, onBehalfOf: { person: person('cem') } }));
    const all = [decided(1, { votes }), decided(2, { votes: [...votes, ...delegated] }), decided(3)];
    const [outcome] = decisionsReport(all, { tools_max: 9 }).outcomes;
    expect(outcome).toMatchObject({ count: 3, delegated: 1 });
  });

  it('agrees with a plain sort, whatever the waits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1 }), (waits) => {
        const [outcome] = decisionsReport(
          waits.map((s) => decided(s)),
          { tools_max: 100 },
        ).outcomes;
        const below = (limit = 0) => waits.filter((s) => s * 1_000 <= limit).length / waits.length;
        expect(outcome?.max_ms).toBe(Math.max(...waits) * 1_000);
        expect(below(outcome?.median_ms)).toBeGreaterThanOrEqual(0.5);
        expect(below((outcome?.median_ms ?? 0) - 1)).toBeLessThan(0.5);
        expect(below(outcome?.p90_ms)).toBeGreaterThanOrEqual(0.9);
      }),
    );
  });
});

describe('the report of duties', () => {
  const [ana, ben, cem] = [person('ana'), person('ben'), person('cem')];

  it('counts who approved and denied for whom, and flags two who approve for each other', () => {
    const { pairs } = dutiesReport(
      [
        voted(ana, ['approve', ben], ['deny', cem]),
        voted(ana, ['approve', ben]),
        voted(ben, ['approve', ana]),
        voted(cem, ['deny', ana]),
      ],
      { pairs_max: 100 },
    );
    expect(
      pairs.map(({ approver, requester, approved, denied, mutual, self }) => [
        `${approver.principal} for ${requester.principal}`,
        approved,
        denied,
        mutual,
        self,
      ]),
    ).toEqual([
      ['ben for ana', 2, 0, true, false],
      ['ana for ben', 1, 0, true, false],
      ['ana for cem', 0, 1, false, false],
      ['cem for ana', 0, 1, false, false],
    ]);
  });

  it('takes accounts of one human for one person, whichever record says so', () => {
    const [staff, admin] = [person('ana', { human: '7' }), person('ana-admin', { human: '7' })];
    const unnamed = person('ana-admin');
    const { pairs } = dutiesReport(
      [voted(ben, ['approve', staff]), voted(ben, ['approve', unnamed]), voted(admin, ['approve', ben])],
      { pairs_max: 100 },
    );
    expect(pairs).toHaveLength(2);
    expect(pairs[0]).toMatchObject({ approved: 2, mutual: true });
    expect(
      dutiesReport([voted(staff, ['approve', unnamed]), voted(admin)], { pairs_max: 9 }).pairs,
    ).toMatchObject([{ self: true, mutual: false }]);
  });

  it('does not take people of one name at two issuers for one', () => {
    const elsewhere = person('ana', { issuer: 'https://other.example' });
    expect(dutiesReport([voted(ana, ['approve', elsewhere])], { pairs_max: 9 }).pairs).toMatchObject([
      { self: false },
    ]);
  });

  it('tells a vote for somebody else from one in person, and says for whom it was', () => {
    const { pairs } = dutiesReport([voted(ana, ['approve', ben]), votedFor(ana, ben, cem)], {
      pairs_max: 9,
    });
    expect(pairs).toMatchObject([
      { approver: { principal: 'ben' }, onBehalfOf: null, approved: 1 },
      { approver: { principal: 'ben' }, onBehalfOf: { principal: 'cem' }, approved: 1 },
    ]);
  });

  it('flags a vote on behalf of the requester, and one by them for somebody else, as of one human on both sides', () => {
    for (const [by, of] of [
      [ben, ana],
      [ana, ben],
    ] as const)
      expect(dutiesReport([votedFor(ana, by, of)], { pairs_max: 9 }).pairs).toMatchObject([{ self: true }]);
    const elsewhere = person('ana-admin', { human: '7' });
    const all = [votedFor(person('ana', { human: '7' }), ben, elsewhere)];
    expect(dutiesReport(all, { pairs_max: 9 }).pairs).toMatchObject([{ self: true, mutual: false }]);
  });

  it('flags two who approve for each other when one of them does so through a delegate', () => {
    const { pairs } = dutiesReport([votedFor(ana, ben, cem), voted(cem, ['approve', ana])], { pairs_max: 9 });
    expect(pairs.map(({ mutual }) => mutual)).toEqual([true, true]);
    const denied = dutiesReport([votedFor(ana, ben, cem, 'deny'), voted(cem, ['approve', ana])], {
      pairs_max: 9,
    });
    expect(denied.pairs.map(({ mutual }) => mutual)).toEqual([false, false]);
  });

  it('shows those with most approvals when there are too many, and how many it left out', () => {
    const all = [voted(ana, ['deny', cem]), voted(ana, ['approve', ben])];
    expect(dutiesReport(all, { pairs_max: 1 })).toMatchObject({
      pairs: [{ approver: { principal: 'ben' } }],
      left_out: 1,
    });
  });

  it('counts every vote exactly once, whoever the people are', () => {
    const anyone = fc
      .record({
        name: fc.constantFrom('a', 'b', 'c', 'd'),
        human: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
      })
      .map(({ name, human }) => person(name, human === undefined ? {} : { human }));
    const votes = fc.array(fc.tuple(fc.constantFrom<'approve' | 'deny'>('approve', 'deny'), anyone));
    fc.assert(
      fc.property(fc.array(fc.tuple(anyone, votes)), (requests) => {
        const all = requests.map(([requester, cast]) => voted(requester, ...cast));
        const { pairs } = dutiesReport(all, { pairs_max: 1_000 });
        const counted = pairs.reduce((sum, { approved, denied }) => sum + approved + denied, 0);
        expect(counted).toBe(requests.reduce((sum, [, cast]) => sum + cast.length, 0));
      }),
    );
  });
});
