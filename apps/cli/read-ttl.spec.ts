import { describe, expect, it } from 'vitest';
import { UsageError } from './command.js';
import { readTtl } from './read-ttl.js';

describe('the lifetime of a token', () => {
  it('is written in seconds, minutes or hours', () => {
    expect(['90s', '15m', '1h', '24h'].map(readTtl)).toEqual([90, 900, 3_600, 86_400]);
  });

  it.each(['0s', '25h', '1d', '60', '-1h', '1.5h', ''])('is refused when written "%s"', (text) => {
    expect(() => readTtl(text)).toThrow(UsageError);
  });
});
