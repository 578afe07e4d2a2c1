import { describe, expect, it } from 'vitest';
import { SIGNED_OUT_MAX, SignedOut } from './signed-out.js';

const NOW = Date.parse('2026-11-28T12:00:00.000Z');

describe('sessions that somebody has signed out of', () => {
  it('are over, and no others', () => {
    const signedOut = new SignedOut(3_600);
    signedOut.note('mine', NOW + 1_000, NOW);
    expect(signedOut.has('mine', NOW - 1)).toBe(true);
    expect(signedOut.has('other', NOW - 1)).toBe(false);
  });

  it('are learnt from the log, also where an event is of a later release', () => {
    const signedOut = new SignedOut(3_600);
    const context = {
      ...{ id: 'e', stream: 'session-1', revision: 0, correlation: 'c', causation: 'c' },
      time: new Date(NOW).toISOString(),
      actor: { kind: 'service', service: 'approval', instance: 'i' } as const,
    };
    const data = { expiresAt: new Date(NOW + 60_000).toISOString() };
    const entry = { ...context, type: 'PageSessionEnded', v: 1, data };
    signedOut.apply('known', entry, NOW);
    signedOut.apply('unknown', { ...entry, v: 9, data: {} }, NOW);
    expect([signedOut.has('known', NOW), signedOut.has('unknown', NOW)]).toEqual([true, true]);
    const later = new SignedOut(3_600);
    later.apply('known', entry, NOW + 60_000);
    later.apply('unknown', { ...entry, v: 9, data: {} }, NOW + 60_000);
    expect([later.has('known', NOW), later.has('unknown', NOW)]).toEqual([false, true]);
  });

  it('are forgotten when they would have ended by themselves', () => {
    const signedOut = new SignedOut(3_600);
    for (let at = 0; at < SIGNED_OUT_MAX; at++) signedOut.note(`early-${at}`, NOW + 1_000, NOW);
    signedOut.note('late', NOW + 9_000, NOW + 1_000);
    expect(signedOut.has('early-0', NOW - 1)).toBe(false);
    expect(signedOut.has('late', NOW - 1)).toBe(true);
  });

  it(`are over even when more than ${SIGNED_OUT_MAX} are: then everybody signs in anew`, () => {
    const signedOut = new SignedOut(3_600);
    for (let at = 0; at < SIGNED_OUT_MAX; at++) signedOut.note(`s-${at}`, NOW + 9_000, NOW);
    expect(signedOut.has('other', NOW)).toBe(false);
    signedOut.note('one more', NOW + 9_000, NOW + 1);
    for (const id of ['s-0', 'one more', 'other']) expect(signedOut.has(id, NOW)).toBe(true);
    expect(signedOut.has('begun afterwards', NOW + 1)).toBe(false);
  });
});
