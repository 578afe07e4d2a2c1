import { describe, expect, it } from 'vitest';
import { createDpopNonces } from './dpop-nonce.js';
import { createReplayGuard } from './dpop-replay.js';

const codeOf = (code: string) => expect.objectContaining({ code });

describe('the memory of proofs', () => {
  it('lets each proof of a key pass once, until it is too old anyway', () => {
    const guard = createReplayGuard(10);
    guard.admit('key-1', 'a', 100, 50);
    guard.admit('key-2', 'a', 100, 50);
    expect(() => guard.admit('key-1', 'a', 100, 100)).toThrow(codeOf('dpop_invalid'));
    expect(() => guard.admit('key-1', 'a', 200, 101)).not.toThrow();
  });

  it('is bounded: full of living proofs it refuses new ones and forgets none', () => {
    const guard = createReplayGuard(3);
    for (const jti of ['a', 'b', 'c']) guard.admit('key', jti, 100, 50);
    expect(() => guard.admit('key', 'd', 100, 50)).toThrow(codeOf('busy'));
    expect(() => guard.admit('key', 'a', 100, 50)).toThrow(codeOf('dpop_invalid'));
    expect(guard.size()).toBe(3);
    guard.admit('key', 'd', 200, 101);
    expect(guard.size()).toBe(1);
  });
});

describe('a nonce', () => {
  const nonces = createDpopNonces('sixteen characters');

  it('is good for five minutes', () => {
    const nonce = nonces.issue(1_000);
    expect([1_000, 1_300].map((now_s) => nonces.isCurrent(nonce, now_s))).toEqual([true, true]);
    expect([900, 1_301, 9_999].map((now_s) => nonces.isCurrent(nonce, now_s))).toEqual([false, false, false]);
  });

  it('cannot be changed', () => {
    const nonce = nonces.issue(1_000);
    for (let i = 0; i < nonce.length - 1; i++) {
      const changed = nonce.slice(0, i) + (nonce[i] === 'A' ? 'B' : 'A') + nonce.slice(i + 1);
      expect(nonces.isCurrent(changed, 1_000)).toBe(false);
    }
  });
});
