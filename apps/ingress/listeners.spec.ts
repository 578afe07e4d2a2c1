import { describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';
import type { Catalog } from './catalog/catalog.js';
import { type Listener, Listeners, STREAMS_MAX, WATCHED_MAX } from './listeners.js';

const BUSY = { code: 'busy' };

/** Listeners of one server, whose answers to `watch` are in the test's hands. */
const start = (answer: (uri: string) => Promise<void> = async () => {}) => {
  const asked: string[] = [];
  let updated = (_server: string, _uri: string): void => {};
  const upstream: Pick<Upstream, 'watch' | 'unwatch'> = {
    watch: (uri) => {
      asked.push(`+${uri}`);
      return answer(uri);
    },
    unwatch: async (uri) => void asked.push(`-${uri}`),
  };
  const catalog = {
    onChanged: () => {},
    onOpened: () => {},
    onResourceUpdated: (listener: typeof updated) => {
      updated = listener;
    },
    has: () => true,
    server: () => ({ upstream }),
  };
  const listeners = new Listeners(catalog as unknown as Catalog);
  const watch = (subscriber: string, name: string) =>
    listeners.watch({ server: 's', target: { name }, subscriber });
  const hears = (subscriber: string): string[] => {
    const heard: string[] = [];
    const listener: Listener = {
      owner: 'o',
      subscriber,
      server: 's',
      lists: new Set(),
      notify: (_, { uri }) => void heard.push(String(uri)),
      close: () => {},
    };
    listeners.add(listener);
    return heard;
  };
  return { listeners, watch, hears, asked, update: (uri: string) => updated('s', uri) };
};

describe('streams of one owner', () => {
  it(`are at most ${STREAMS_MAX}, also when they are opened at once; each that ends makes room for another`, () => {
    const { listeners } = start();
    const places = Array.from({ length: STREAMS_MAX }, () => listeners.takePlace('a'));
    expect(() => listeners.takePlace('a')).toThrow(expect.objectContaining(BUSY));
    const other = listeners.takePlace('b');
    places.pop()?.();
    places.push(listeners.takePlace('a'));
    expect(() => listeners.takePlace('a')).toThrow(expect.objectContaining(BUSY));
    for (const leave of [...places, other]) leave();
    listeners.takePlace('a')();
  });
});

describe('watched resources', () => {
  it(`are at most ${WATCHED_MAX} of one subscriber, also when they are asked for at once`, async () => {
    const { watch, listeners, asked } = start();
    const uris = Array.from({ length: WATCHED_MAX + 1 }, (_, at) => `a:${at}`);
    const settled = await Promise.allSettled(uris.map((uri) => watch('one', uri)));
    expect(settled.slice(0, -1).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(settled.at(-1)).toMatchObject({ status: 'rejected', reason: BUSY });
    expect(asked).toHaveLength(WATCHED_MAX);
    await watch('other', 'a:0');
    await listeners.unwatch({ server: 's', target: { name: 'a:0' }, subscriber: 'one' });
    await watch('one', 'b:0');
  });

  it('are asked for once, and every subscriber hears of them, also those that came at the same time', async () => {
    const { watch, hears, asked, update, listeners } = start();
    const [first, second, third] = [hears('one'), hears('two'), hears('three')];
    await Promise.all([watch('one', 'a:1'), watch('two', 'a:1')]);
    update('a:1');
    expect([first, second, third]).toEqual([['a:1'], ['a:1'], []]);
    expect(asked).toEqual(['+a:1']);
    await listeners.forget('one');
    update('a:1');
    expect([first, second]).toEqual([['a:1'], ['a:1', 'a:1']]);
    await listeners.forget('two');
    expect(asked).toEqual(['+a:1', '-a:1']);
  });

  it('that the upstream declines are nobody’s, and are asked for again by the next', async () => {
    let declines = true;
    const { watch, hears, asked, update } = start(async () => {
      if (declines) throw new CountersignError('upstream_unavailable');
    });
    const heard = hears('one');
    const both = await Promise.allSettled([watch('one', 'a:1'), watch('two', 'a:1')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    update('a:1');
    expect(heard).toEqual([]);
    declines = false;
    await watch('one', 'a:1');
    update('a:1');
    expect([heard, asked]).toEqual([['a:1'], ['+a:1', '+a:1']]);
  });
});
