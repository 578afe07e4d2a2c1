import { describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { createBreaker } from './breaker.js';
import { sendResult } from './http-server.fixture.js';
import { call, calls, start } from './http-upstream.fixture.js';
import { UpstreamOutcomeUnknown } from './outcome-unknown.js';
import { unknown } from './upstream-call.fixture.js';

const LIMITS = { breaker_failures: 3, breaker_first_ms: 1_000, breaker_max_ms: 3_000 };
const fail = () => Promise.reject(new UpstreamOutcomeUnknown('timeout'));
const fine = async () => 'fine';

const broken = async () => {
  let now = Date.UTC(2026, 0, 1);
  const breaker = createBreaker(LIMITS, () => now);
  for (let i = 0; i < LIMITS.breaker_failures; i++) await breaker.run(fail).catch(() => {});
  const later = (ms: number): void => {
    now += ms;
  };
  return { breaker, later };
};

describe('a breaker', () => {
  it('opens after failures in a row and says since when, why and until when', async () => {
    const { breaker } = await broken();
    const detail =
      'paused since 2026-01-01T00:00:00.000Z after 3 failures in a row, tried again at 2026-01-01T00:00:01.000Z';
    expect(breaker.paused()).toBe(detail);
    await expect(breaker.run(fine)).rejects.toThrow(
      expect.objectContaining({ code: 'upstream_unavailable', detail }),
    );
  });

  it('lets one request through after the pause; its success closes it', async () => {
    const { breaker, later } = await broken();
    later(1_000);
    const slow = Promise.withResolvers<string>();
    const trial = breaker.run(() => slow.promise);
    await expect(breaker.run(fine)).rejects.toThrow(/being tried/);
    slow.resolve('ok');
    expect(await trial).toBe('ok');
    expect(breaker.paused()).toBeUndefined();
    expect(await breaker.run(fine)).toBe('fine');
  });

  it('pauses longer after each failed trial, up to a limit', async () => {
    const { breaker, later } = await broken();
    for (const pause of [1_000, 2_000, 3_000, 3_000]) {
      later(pause - 1);
      await expect(breaker.run(fine)).rejects.toThrow(CountersignError);
      later(1);
      await expect(breaker.run(fail)).rejects.toThrow(unknown('timeout'));
    }
  });

  it('does not count time-outs of requests that may take long', async () => {
    const breaker = createBreaker(LIMITS);
    for (let i = 0; i < LIMITS.breaker_failures; i++) await breaker.run(fail, true).catch(() => {});
    expect(breaker.paused()).toBeUndefined();
    const lost = () => Promise.reject(new UpstreamOutcomeUnknown('connection_lost'));
    for (let i = 0; i < LIMITS.breaker_failures; i++) await breaker.run(lost, true).catch(() => {});
    expect(breaker.paused()).toBeDefined();
  });

  it('does not count cancelled and refused requests, and begins anew after an answer', async () => {
    const breaker = createBreaker(LIMITS);
    for (const error of [
      new UpstreamOutcomeUnknown('cancelled'),
      new CountersignError('upstream_unavailable', 'too many calls are under way'),
      new CountersignError('upstream_unavailable', 'HTTP 403'),
      new CountersignError('call_cancelled'),
    ])
      for (let i = 0; i < 5; i++) await breaker.run(() => Promise.reject(error)).catch(() => {});
    expect(breaker.paused()).toBeUndefined();
    for (const run of [fail, fail, fine, fail, fail]) await breaker.run<string>(run).catch(() => {});
    expect(breaker.paused()).toBeUndefined();
  });
});

describe('an upstream that fails again and again', () => {
  it('is left in peace, counts as down, and comes back', async () => {
    let well = false;
    const { server, upstream } = await start(
      { call: ({ id }, res) => (well ? sendResult(res, id) : void res.writeHead(503).end()) },
      { breaker_failures: 3, breaker_first_ms: 300 },
    );
    for (let i = 0; i < 3; i++) await expect(call(upstream)).rejects.toThrow(unknown('http_status'));
    await expect(call(upstream)).rejects.toThrow(/paused since/);
    expect(upstream.state()).toMatchObject({ kind: 'down', reason: expect.stringContaining('paused since') });
    expect(calls(server)).toHaveLength(3);
    well = true;
    await expect
      .poll(() =>
        call(upstream).then(
          ({ kind }) => kind,
          () => 'paused',
        ),
      )
      .toBe('result');
    expect(upstream.state().kind).toBe('ready');
  });
});
