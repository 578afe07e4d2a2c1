import { describe, expect, it } from 'vitest';
import { standingOf } from './standing.js';

const ANA = {
  issuer: 'https://id.bank.example',
  subject: 'ana',
  roles: ['manager', 'auditor'],
  actsFor: ['director'],
};
const LENT = [{ delegationId: 'd-1' }, { delegationId: 'd-2' }];

describe('the standing of somebody who follows a live list', () => {
  it('is the same in whatever order roles and delegations come', () => {
    const turned = { ...ANA, roles: ['auditor', 'manager'] };
    expect(standingOf(turned, [...LENT].reverse())).toBe(standingOf(ANA, LENT));
    expect(standingOf(ANA, LENT)).toMatch(/^[\w-]{16}$/);
  });

  it.each([
    ['person', { ...ANA, subject: 'ben' }, LENT],
    ['issuer', { ...ANA, issuer: 'https://other.example' }, LENT],
    ['role', { ...ANA, roles: ['manager'] }, LENT],
    ['role to act for', { ...ANA, actsFor: [] }, LENT],
    ['delegation', ANA, LENT.slice(1)],
  ])('is another one with another %s', (_, caller, lent) => {
    expect(standingOf(caller, lent)).not.toBe(standingOf(ANA, LENT));
  });
});
