import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HashFunction } from '../hash.js';
import { approvalDigest, type Bound } from './approval-digest.js';

const hash: HashFunction = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const digest = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const BOUND: Bound = {
  caller: { principal: 'engineer', issuer: 'https://idp', subject: 'e', client: 'agent' },
  server: 'bank',
  tool: 'transfer',
  toolDigest: digest('1'),
  arguments: { amount: '10', to: 'a' },
  policyDigest: digest('2'),
  profileDigest: digest('3'),
  nonce: 'n',
  expiresAt: '2026-11-22T12:30:00.000Z',
};

describe('the digest of an approval', () => {
  it('is the same whatever the order of members', () => {
    const turned = { ...BOUND, arguments: { to: 'a', amount: '10' } };
    expect(approvalDigest(hash, turned)).toBe(approvalDigest(hash, BOUND));
  });

  it.each<[string, Partial<Bound>]>([
    ['caller', { caller: { ...BOUND.caller, subject: 'f' } }],
    ['issuer', { caller: { ...BOUND.caller, issuer: 'https://other' } }],
    ['agent', { caller: { ...BOUND.caller, client: 'other' } }],
    ['server', { server: 'other' }],
    ['method', { method: 'prompts/get' }],
    ['tool', { tool: 'other' }],
    ['tool schema', { toolDigest: digest('9') }],
    ['arguments', { arguments: { amount: '11', to: 'a' } }],
    ['further argument', { arguments: { amount: '10', to: 'a', memo: '' } }],
    ['policy', { policyDigest: digest('9') }],
    ['masking profile', { profileDigest: digest('9') }],
    ['absence of a masking profile', { profileDigest: null }],
    ['nonce', { nonce: 'm' }],
    ['grant', { grant: { uses: 2, for_s: 60, same: [], limits: [] } }],
    ['expiry', { expiresAt: '2026-11-22T12:30:00.001Z' }],
  ])('is another one with another %s', (_, changed) => {
    expect(approvalDigest(hash, { ...BOUND, ...changed })).not.toBe(approvalDigest(hash, BOUND));
  });
});
