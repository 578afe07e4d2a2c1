import { describe, expect, it } from 'vitest';
import type { Act } from '../acts.js';
import { countedQuery, provedAct } from './counted.js';
import { sealedValues } from './sealed-values.js';

const sealed = sealedValues('k'.repeat(32));
const sessionOf = (id: string) => ({
  formToken: (form: string) => sealed.tokenFor(`${id} ${form}`),
  isFormToken: (token: string, form: string) => sealed.isTokenFor(token, `${id} ${form}`),
});
const MINE = sessionOf('mine');
const proof = new URLSearchParams(countedQuery(MINE, 'a1', 'deny')).get('proof') ?? '';

describe('what the page says was counted', () => {
  it('is what the same person has just done', () => {
    expect(provedAct(MINE, 'a1', { counted: 'deny', proof })).toBe('deny');
  });

  it.each<[string, ReturnType<typeof sessionOf>, string, { counted: Act; proof?: string }]>([
    ['without a proof', MINE, 'a1', { counted: 'deny' }],
    ['with a made-up proof', MINE, 'a1', { counted: 'deny', proof: 'x'.repeat(43) }],
    ['with the token of the form', MINE, 'a1', { counted: 'deny', proof: MINE.formToken('a1') }],
    ['of another act', MINE, 'a1', { counted: 'approve', proof }],
    ['of another approval', MINE, 'a2', { counted: 'deny', proof }],
    ['of another session', sessionOf('theirs'), 'a1', { counted: 'deny', proof }],
  ])('is never what a link claims %s', (_, session, approvalId, claimed) => {
    expect(provedAct(session, approvalId, claimed)).toBeUndefined();
  });
});
