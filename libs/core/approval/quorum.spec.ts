import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Approving, quorumMet } from './quorum.js';
import { fewestApprovals, type Requirement, sharesOf } from './requirement.js';

const RISK_AND_OPERATIONS: readonly Requirement[] = [
  { by: ['risk'], count: 1 },
  { by: ['operations'], count: 1 },
];
const TWO_MANAGERS_OR_A_DIRECTOR: readonly Requirement[] = [
  { by: ['manager'], count: 2, or: [{ by: ['director'], count: 1 }] },
];

/** By definition: some way of each requirement, and some way to give each person at most one requirement, fits. */
const reference = (requirements: readonly Requirement[], people: readonly Approving[]): boolean => {
  const assign = (person: number, left: readonly { by: readonly string[]; count: number }[]): boolean => {
    if (left.every(({ count }) => count <= 0)) return true;
    const roles = people[person];
    if (roles === undefined) return false;
    return (
      assign(person + 1, left) ||
      left.some(
        (share, at) =>
          share.count > 0 &&
          roles.some((role) => share.by.includes(role)) &&
          assign(person + 1, left.with(at, { ...share, count: share.count - 1 })),
      )
    );
  };
  const ways = requirements.reduce<readonly (readonly { by: readonly string[]; count: number }[])[]>(
    (all, requirement) => all.flatMap((way) => sharesOf(requirement).map((share) => [...way, share])),
    [[]],
  );
  return ways.some((way) => assign(0, way));
};

const role = fc.constantFrom('risk', 'operations', 'manager', 'director');
const roles = fc.uniqueArray(role, { minLength: 1, maxLength: 3 });
const share = fc.record({ by: roles, count: fc.integer({ min: 1, max: 2 }) });
const requirement: fc.Arbitrary<Requirement> = fc
  .tuple(share, fc.array(share, { maxLength: 2 }))
  .map(([first, or]) => (or.length === 0 ? first : { ...first, or }));
const people = fc.array(fc.uniqueArray(role, { maxLength: 3 }), { maxLength: 5 });

describe('a quorum', () => {
  it('of one of risk and one of operations needs two humans, also when one has both roles', () => {
    expect(quorumMet(RISK_AND_OPERATIONS, [['risk', 'operations']], true)).toBe(false);
    expect(quorumMet(RISK_AND_OPERATIONS, [['risk'], ['risk']], true)).toBe(false);
    expect(quorumMet(RISK_AND_OPERATIONS, [['risk'], ['operations']], true)).toBe(true);
  });

  it('finds the people who fit, whoever voted first', () => {
    const both = ['operations', 'risk'];
    expect(quorumMet(RISK_AND_OPERATIONS, [both, ['risk']], true)).toBe(true);
    expect(quorumMet(RISK_AND_OPERATIONS, [both, ['operations']], true)).toBe(true);
    expect(quorumMet(RISK_AND_OPERATIONS, [['risk'], both], true)).toBe(true);
    expect(quorumMet(RISK_AND_OPERATIONS, [both, both], true)).toBe(true);
  });

  it('is met by one person with both roles only where policy lets one person serve several requirements', () => {
    expect(quorumMet(RISK_AND_OPERATIONS, [['risk', 'operations']], false)).toBe(true);
    expect(quorumMet(RISK_AND_OPERATIONS, [['risk'], ['risk']], false)).toBe(false);
  });

  it('of two managers or one director is met by either and not by half of one', () => {
    expect(quorumMet(TWO_MANAGERS_OR_A_DIRECTOR, [['manager']], true)).toBe(false);
    expect(quorumMet(TWO_MANAGERS_OR_A_DIRECTOR, [['manager'], ['manager']], true)).toBe(true);
    expect(quorumMet(TWO_MANAGERS_OR_A_DIRECTOR, [['director']], true)).toBe(true);
    expect(quorumMet(TWO_MANAGERS_OR_A_DIRECTOR, [['clerk'], ['clerk']], true)).toBe(false);
  });

  it('agrees with trying every assignment of people to requirements', () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1, maxLength: 3 }), people, (requirements, voters) => {
        const met = quorumMet(requirements, voters, true);
        seen.add(met);
        expect(met).toBe(reference(requirements, voters));
        if (met) expect(voters.length).toBeGreaterThanOrEqual(fewestApprovals(requirements));
        if (met) expect(quorumMet(requirements, voters, false)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(seen.size).toBe(2);
  });
});
