import { describe, expect, it } from 'vitest';
import { sharedRoles } from './roles-now.js';

const world = () => {
  const state = { head: 10n, now_ms: 0, asked: [] as string[], fails: false };
  const roles = sharedRoles({
    ask: async (groups) => {
      state.asked.push(groups.join());
      if (state.fails) throw new Error('policy is away');
      return state.asked.length;
    },
    head: () => state.head,
    now_ms: () => state.now_ms,
  });
  return { state, roles };
};

describe('the roles by which a live list is told', () => {
  it('are asked for once for all streams of the same groups that tell one change', async () => {
    const { state, roles } = world();
    expect(await Promise.all([roles(['A'], 10n), roles(['A'], 10n), roles(['A'], 4n)])).toEqual([1, 1, 1]);
    await roles(['B'], 10n);
    expect(state.asked).toEqual(['A', 'B']);
  });

  it('are asked for anew for each change: no answer from before it is used', async () => {
    const { state, roles } = world();
    await roles(['A'], 10n);
    state.head = 11n;
    expect(await roles(['A'], 11n)).toBe(2);
    expect(await roles(['A'], 10n)).toBe(2);
  });

  it('are asked for anew a second later, and after a failure at once', async () => {
    const { state, roles } = world();
    await roles(['A'], 10n);
    state.now_ms = 999;
    expect(await roles(['A'], 10n)).toBe(1);
    state.now_ms = 1_000;
    state.fails = true;
    await expect(roles(['A'], 10n)).rejects.toThrow('policy is away');
    state.fails = false;
    expect(await roles(['A'], 10n)).toBe(3);
  });

  it('of many different groups are asked for again rather than kept without end', async () => {
    const { state, roles } = world();
    for (let at = 0; at <= 1_000; at++) await roles([`G${at}`], 10n);
    const before = state.asked.length;
    await roles(['G1000'], 10n);
    expect(state.asked.length).toBe(before);
    await roles(['G0'], 10n);
    expect(state.asked.length).toBe(before + 1);
  });
});
