import { describe, expect, it } from 'vitest';
import { CLIENT_QUIRKS, quirksOf } from './client-quirks.js';
import { ROUND_MS_MAX, ROUNDS_MAX, type Waiting, waitPlan } from './wait-plan.js';

const LIMITS = { hold_ms: 55_000, long_hold_ms: 240_000, progress_ms: 10_000 };
const plan = (waiting: Partial<Waiting>, limits = LIMITS) =>
  waitPlan(
    {
      era: 'legacy',
      client: undefined,
      method: 'tools/call',
      followsTasks: false,
      wantsProgress: false,
      ...waiting,
    },
    limits,
  );

describe('a client whose call is held', () => {
  it('behind a bridge waits as long as by itself', () => {
    const client = 'codex-mcp-client (via mcp-remote 0.15.1)';
    expect(plan({ client })).toMatchObject({ hold_ms: 240_000 });
    expect(plan({ era: 'modern', client })).toMatchObject({ way: 'hold', hold_ms: 240_000 });
  });

  it('is given a task when it follows tasks, in both eras, for tools only', () => {
    expect(plan({ era: 'modern', followsTasks: true })).toEqual({ way: 'task' });
    expect(plan({ era: 'legacy', followsTasks: true })).toEqual({ way: 'task' });
    expect(plan({ era: 'modern', followsTasks: true, method: 'prompts/get' }).way).toBe('rounds');
  });

  it('of the modern era is held for less than a minute and comes back in rounds, fewer than clients follow', () => {
    expect(plan({ era: 'modern' })).toEqual({
      way: 'rounds',
      hold_ms: ROUND_MS_MAX,
      progress_ms: 10_000,
      rounds_max: ROUNDS_MAX,
    });
    expect(ROUNDS_MAX).toBeLessThan(10);
    expect(plan({ era: 'modern' }, { ...LIMITS, hold_ms: 1_000 })).toMatchObject({ hold_ms: 1_000 });
  });

  it('of the modern era is only held where no round may be answered', () => {
    expect(plan({ era: 'modern', method: 'completion/complete' })).toMatchObject({
      way: 'hold',
      rounds_max: 0,
    });
  });

  it('that is known not to come back is only held', () => {
    for (const client of ['claude-ai', 'some-agent (via mcp-remote 0.15.1)'])
      expect(plan({ era: 'modern', client })).toMatchObject({ way: 'hold', hold_ms: 55_000 });
  });

  it('of the legacy era is held up to the deadline of the setting', () => {
    expect(plan({})).toEqual({ way: 'hold', hold_ms: 55_000, progress_ms: 10_000, rounds_max: 0 });
  });

  it('that is known to wait for minutes is held longer, where it needs progress only with progress', () => {
    expect(plan({ client: 'codex-mcp-client' })).toMatchObject({ hold_ms: 240_000 });
    expect(plan({ client: 'claude-code' })).toMatchObject({ hold_ms: 55_000 });
    expect(plan({ client: 'claude-code', wantsProgress: true })).toMatchObject({ hold_ms: 240_000 });
    expect(plan({ client: 'codex-mcp-client' }, { ...LIMITS, long_hold_ms: 0 })).toMatchObject({
      hold_ms: 55_000,
    });
  });
});

describe('the table of clients', () => {
  it('finds each row by its own name, and nobody by another', () => {
    for (const quirk of CLIENT_QUIRKS) expect(quirksOf(`${quirk.name}/1`)).toContain(quirk);
    expect(quirksOf('mcp')).toEqual([]);
    expect(quirksOf(undefined)).toEqual([]);
  });
});
