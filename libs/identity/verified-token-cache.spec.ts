import { describe, expect, it } from 'vitest';
import type { Caller } from './caller.js';
import { createVerifiedTokenCache } from './verified-token-cache.js';

const entry = { caller: {} as Caller, jkt: undefined, generation: 1 };

describe('the verified-token cache', () => {
  it('holds no more than its limit and lets the least recently used go', () => {
    const cache = createVerifiedTokenCache(2);
    cache.put('a', entry);
    cache.put('b', entry);
    cache.get('a');
    cache.put('c', entry);
    expect(cache.size()).toBe(2);
    expect(cache.get('b')).toBeUndefined();
    expect(cache.get('a')).toBe(entry);
  });

  it('has keys that differ by token and by audience and do not show the token', () => {
    const cache = createVerifiedTokenCache(2);
    const keys = new Set([cache.key('t1', 'a'), cache.key('t1', 'b'), cache.key('t2', 'a')]);
    expect(keys.size).toBe(3);
    expect(cache.key('my-token', 'a')).not.toContain('my-token');
  });
});
