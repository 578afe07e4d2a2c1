import { describe, expect, it } from 'vitest';
import { HeldTasks, WAITING_MAX } from './held-tasks.js';

describe('results of held calls', () => {
  it('are waited for on so many streams of one client, and no more; others do not count', () => {
    const tasks = new HeldTasks();
    const leave = Array.from({ length: WAITING_MAX }, () => tasks.wait('sha256:a'));
    expect(() => tasks.wait('sha256:a')).toThrow('results of held calls');
    tasks.wait('sha256:b')();
    leave[0]?.();
    leave[1]?.();
    tasks.wait('sha256:a');
    tasks.wait('sha256:a');
    expect(() => tasks.wait('sha256:a')).toThrow('results of held calls');
  });

  it('are carried out once at a time, whoever looks', async () => {
    const tasks = new HeldTasks();
    let runs = 0;
    let end: () => void = () => undefined;
    const start = () => {
      runs++;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    };
    await Promise.all([tasks.run('call', 1, start), tasks.run('call', 1, start)]);
    expect(runs).toBe(1);
    end();
    await tasks.run('call', 1_000, start);
    expect(runs).toBe(1);
  });
});
