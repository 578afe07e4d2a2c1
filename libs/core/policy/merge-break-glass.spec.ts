import { describe, expect, it } from 'vitest';
import { mergeApprovals } from './merge-approvals.js';
import type { ApprovalDemand } from './policy.types.js';

const GLASS = { roles: ['commander', 'security'], review: ['risk'], within_s: 7_200 };
const demand = (break_glass?: ApprovalDemand['break_glass']): ApprovalDemand => ({
  by: ['manager'],
  count: 1,
  expires_s: 60,
  ...(break_glass && { break_glass }),
});

describe('break-glass over several rules', () => {
  it('is there only if every rule that asks for an approval has it, and with the shortest time for the review', () => {
    expect(mergeApprovals([demand(GLASS)])?.break_glass).toEqual(GLASS);
    const shorter = demand({ ...GLASS, within_s: 60 });
    expect(mergeApprovals([demand(GLASS), shorter])?.break_glass).toEqual({ ...GLASS, within_s: 60 });
    expect(mergeApprovals([demand(GLASS), demand()])).not.toHaveProperty('break_glass');
    expect(mergeApprovals([demand(), demand(GLASS)])).not.toHaveProperty('break_glass');
  });

  it.each([
    ['who may', { ...GLASS, roles: ['commander', 'director'] }],
    ['who reviews', { ...GLASS, review: ['audit'] }],
  ])('is lost where they do not agree on %s', (_, other) => {
    expect(mergeApprovals([demand(GLASS), demand(other)])).not.toHaveProperty('break_glass');
  });
});
