import { describe, expect, it } from 'vitest';
import { grantCard } from './approval-page.js';

const GRANT = { uses: 20, for_s: 5_400, same: ['args.from'], limits: ['args.amount lte 1000'], used: 0 };

describe('the card of an approval that covers more than one call', () => {
  it('says how many, how long, and with which arguments', () => {
    const { text } = grantCard(GRANT);
    expect(text).toContain('<strong>20 calls</strong>');
    expect(text).toContain('<strong>1 h 30 min</strong>');
    expect(text).toContain('with the same <code>args.from</code>');
    expect(text).toContain('<code>args.amount lte 1000</code>');
    expect(text).not.toContain('any arguments');
    expect(text).not.toContain('used;');
  });

  it('says so where any arguments will do', () => {
    expect(grantCard({ ...GRANT, same: [], limits: [] }).text).toContain('<strong>any arguments</strong>');
  });

  it('says what is left, and who has revoked it, with what they wrote as text', () => {
    const until = '2026-11-28T14:00:00.000Z';
    const { text } = grantCard({ ...GRANT, used: 3, until, revoked: { by: '<ana>', reason: '<b>' } });
    expect(text).toContain('3 of 20 used');
    expect(text).toContain('Revoked by &lt;ana&gt;: “&lt;b&gt;”');
  });
});
