import { describe, expect, it } from 'vitest';
import { configSchema } from '#config/config.schema.js';
import { BudgetExceeded, type BudgetedCall, Budgets } from './budgets.js';

const CALL: BudgetedCall = { caller: 'a', session: 's', server: 'files', argumentBytes: 10 };

const budgets = (settings: object) => {
  let now = 1_000;
  const config = configSchema.parse({ policy_file: 'p', limits: { budgets: settings } }).limits.budgets;
  const all = new Budgets(config, () => now);
  const refusal = (call: Partial<BudgetedCall> = {}): BudgetExceeded | undefined => {
    try {
      all.begin({ ...CALL, ...call }).end();
      return undefined;
    } catch (error) {
      if (error instanceof BudgetExceeded) return error;
      throw error;
    }
  };
  return {
    all,
    refusal,
    pass: (wait_ms: number) => {
      now += wait_ms;
    },
  };
};

describe('budgets', () => {
  it('of a caller count over all its sessions and servers, and for nobody else', () => {
    const { refusal } = budgets({ caller: { calls_per_minute: 1 } });
    expect(refusal()).toBeUndefined();
    expect(refusal({ session: 'other', server: 'other' })).toMatchObject({
      code: 'budget_exceeded',
      budget: 'caller',
      limit: 'calls_per_minute',
    });
    expect(refusal({ caller: 'b' })).toBeUndefined();
  });
  it('count a call that is made within another one, which is the one under way', () => {
    const { all, refusal } = budgets({ caller: { concurrent_calls: 1, calls_per_minute: 3 } });
    const { end } = all.begin(CALL);
    expect(refusal()).toMatchObject({ limit: 'concurrent_calls' });
    all.begin({ ...CALL, within: true });
    all.begin({ ...CALL, within: true });
    expect(refusal({ within: true })).toMatchObject({ limit: 'calls_per_minute' });
    end();
  });
  it('of a session do not touch calls without one', () => {
    const { refusal } = budgets({ session: { calls: 1 } });
    expect(refusal()).toBeUndefined();
    expect(refusal()?.retryAfter_ms).toBeNull();
    expect(refusal({ session: undefined })).toBeUndefined();
    expect(refusal({ session: undefined })).toBeUndefined();
  });
  it('of a server count each caller there', () => {
    const { refusal } = budgets({ servers: { files: { calls_per_hour: 1 } } });
    expect(refusal()).toBeUndefined();
    expect(refusal()?.budget).toBe('servers.files');
    expect(refusal({ caller: 'b' })).toBeUndefined();
    expect(refusal({ server: 'other' })).toBeUndefined();
  });
  it('are free again after the time that the refusal says', () => {
    const { refusal, pass } = budgets({ caller: { calls_per_minute: 1 } });
    refusal();
    const wait_ms = refusal()?.retryAfter_ms ?? 0;
    pass(wait_ms - 1);
    expect(refusal()).toBeDefined();
    pass(1);
    expect(refusal()).toBeUndefined();
  });
  it('are not used up by a call that another one refuses', () => {
    const { refusal } = budgets({ caller: { calls_per_minute: 1 }, session: { argument_bytes: 5 } });
    expect(refusal()?.budget).toBe('session');
    expect(refusal({ argumentBytes: 5 })).toBeUndefined();
  });
  it('let a call end once, however often it is told', () => {
    const { all, refusal } = budgets({ caller: { concurrent_calls: 2 } });
    const first = all.begin(CALL);
    all.begin(CALL);
    first.end();
    first.end();
    expect(refusal()).toBeUndefined();
    all.begin(CALL);
    expect(refusal()?.limit).toBe('concurrent_calls');
  });
  it('say the smallest result that is allowed, and count what came', () => {
    const { all, refusal } = budgets({
      caller: { result_bytes: 50, result_bytes_per_hour: 60 },
      session: { result_bytes: 40 },
    });
    const lease = all.begin(CALL);
    expect(lease.resultBytesMax).toBe(40);
    lease.result(60);
    lease.end();
    expect(refusal()?.limit).toBe('result_bytes_per_hour');
    expect(budgets({}).all.begin(CALL).resultBytesMax).toBe(Infinity);
  });
});
