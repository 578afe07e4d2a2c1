import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Upstream } from '#mcp/upstream/upstream.types.js';
import type { Catalog } from '../../catalog/catalog.js';
import { SessionTasks } from './session-tasks.js';
import { TaskWatches } from './task-watches.js';

/** As much of a catalog as is looked at: one server, which can be replaced. */
const catalogOf = () => {
  const watched: string[] = [];
  let changed: (taskId: string) => void = () => undefined;
  let opened: (server: string) => void = () => undefined;
  const connect = () =>
    ({
      onTaskChanged: (listener: typeof changed) => {
        changed = listener;
      },
      watchTask: (taskId: string) => void watched.push(taskId),
      unwatchTask: (taskId: string) => void watched.push(`-${taskId}`),
    }) as Pick<Upstream, 'onTaskChanged' | 'watchTask' | 'unwatchTask'>;
  let upstream = connect();
  const catalog = {
    onOpened: (listener: typeof opened) => {
      opened = listener;
    },
    has: () => true,
    server: () => ({ upstream }),
  } as unknown as Catalog;
  return {
    catalog,
    watched,
    change: (taskId: string) => changed(taskId),
    replace: () => {
      upstream = connect();
      opened('old');
    },
  };
};

describe('a watched task', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is looked at when its server says so: at most once a second, and once more for what came meanwhile', async () => {
    const { catalog, change, watched } = catalogOf();
    const watches = new TaskWatches(catalog);
    let looks = 0;
    const look = async () => {
      looks += 1;
    };
    const stop = watches.add({ server: 'old', taskId: 'a', look });
    change('other');
    expect(looks).toBe(0);
    for (let told = 0; told < 50; told++) change('a');
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(looks).toBe(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toBe(2);
    stop();
    change('a');
    expect([looks, ...watched]).toEqual([2, 'a', '-a']);
  });

  it('is watched once for all who watch it, and anew at a connection that was replaced', () => {
    const { catalog, change, watched, replace } = catalogOf();
    const watches = new TaskWatches(catalog);
    const seen: string[] = [];
    const watch = (who: string) =>
      watches.add({ server: 'old', taskId: 'a', look: async () => void seen.push(who) });
    const [stop] = [watch('one'), watch('two')];
    expect(watched).toEqual(['a']);
    replace();
    expect(watched).toEqual(['a', 'a']);
    stop();
    change('a');
    expect(seen).toEqual(['two']);
  });
});

it('of a session the latest 100 tasks are told of, also those it begins while it listens', () => {
  const tasks = new SessionTasks();
  for (let task = 1; task <= 101; task++) tasks.begun('s', String(task));
  tasks.ended('s', '2');
  const told: string[] = [];
  const stop = tasks.follow('s', (taskId) => told.push(taskId));
  expect([told.length, told[0]]).toEqual([99, '3']);
  tasks.begun('s', 'new');
  tasks.begun('other', 'foreign');
  expect(told.at(-1)).toBe('new');
  stop();
  tasks.begun('s', 'unheard');
  expect(told.at(-1)).toBe('new');
});
