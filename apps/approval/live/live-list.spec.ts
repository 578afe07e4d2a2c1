import { describe, expect, it } from 'vitest';
import type { ApprovalView } from '../approval-view.js';
import { Changes } from './changes.js';
import { ITEMS_MAX, type LiveEvent, liveList } from './live-list.js';
import { createStreamLimit } from './stream-limit.js';

interface World {
  readonly changes: Changes;
  readonly pending: Set<string>;
  readonly hidden: Set<string>;
  readonly viewed: string[];
}
const world = (...ids: readonly string[]): World => {
  const changes = new Changes();
  ids.forEach((id, at) => {
    changes.note(id, BigInt((at + 1) * 10));
  });
  return { changes, pending: new Set(ids), hidden: new Set(), viewed: [] };
};

const listen = ({ changes, pending, hidden, viewed }: World, lastEventId?: string) => {
  const stop = new AbortController();
  const live = liveList({
    changes,
    pending: async () => [...pending].filter((id) => !hidden.has(id)),
    view: async (id) => {
      viewed.push(id);
      return hidden.has(id) ? undefined : ({ id } as ApprovalView);
    },
    standing: STANDING,
    lastEventId,
    stopped: stop.signal,
  });
  const next = async (count: number): Promise<readonly string[]> => {
    const found: string[] = [];
    while (found.length < count) {
      const { value, done } = await live.next();
      if (done === true) return [...found, 'end'];
      found.push(textOf(value));
    }
    return found;
  };
  return { next, live, stop: () => stop.abort() };
};
const STANDING = 'same';
const textOf = (event: LiveEvent): string => {
  const about = event.event === 'approval' || event.event === 'gone' ? ` ${event.data.id}` : '';
  return `${event.event}${about}${'id' in event ? ` @${event.id.replace(`.${STANDING}`, '')}` : ''}`;
};

describe('a live list', () => {
  it('begins with what is pending, says when that was all, and goes on with each change', async () => {
    const it = world('a', 'b');
    it.changes.note('decided', 15n);
    const { next } = listen(it);
    expect(await next(4)).toEqual(['reset', 'approval a @10', 'approval b @20', 'current @20']);
    it.changes.note('a', 30n);
    it.changes.note('c', 31n);
    expect(await next(2)).toEqual(['approval a @30', 'approval c @31']);
  });

  it('says at once that there is nothing, when there is nothing', async () => {
    expect(await listen(world()).next(2)).toEqual(['reset', 'current @0']);
  });

  it('goes on behind what the reader has, with all that changed since, decided ones too', async () => {
    const it = world('a', 'b', 'c');
    it.pending.delete('b');
    expect(await listen(it, '10.same').next(3)).toEqual(['approval b @20', 'approval c @30', 'current @30']);
    expect(await listen(it, '30.same').next(1)).toEqual(['current @30']);
  });

  it.each(['', 'x', '-1', '10', '31.same', `${'9'.repeat(30)}.same`, '10.same; drop'])(
    'begins anew for a reader that says it has %j',
    async (lastEventId) => {
      expect((await listen(world('a', 'b', 'c'), lastEventId).next(2))[0]).toBe('reset');
    },
  );

  it('begins anew for a reader whose standing has changed, without what is not theirs any more, and with what was decided', async () => {
    const it = world('a', 'b', 'c', 'd');
    it.pending.delete('c');
    it.hidden.add('b').add('d');
    expect(await listen(it, '20.other').next(4)).toEqual([
      'reset',
      'approval a @10',
      'approval c @30',
      'current @40',
    ]);
  });

  it('tells what changed twice while nobody read once, as it is then, and loses nothing', async () => {
    const it = world('a', 'b');
    const { next } = listen(it);
    await next(4);
    for (let at = 21; at < 1_021; at++) it.changes.note(at % 2 === 0 ? 'a' : 'b', BigInt(at));
    const before = it.viewed.length;
    expect(await next(2)).toEqual(['approval b @1019', 'approval a @1020']);
    expect(it.viewed.length - before).toBe(2);
  });

  it('misses nothing that changes while it begins', async () => {
    const it = world('a', 'b');
    const live = liveList({
      changes: it.changes,
      pending: async () => {
        it.changes.note('a', 25n);
        it.changes.note('c', 26n);
        return ['a', 'b'];
      },
      view: async (id) => ({ id }) as ApprovalView,
      standing: STANDING,
      lastEventId: undefined,
      stopped: new AbortController().signal,
    });
    const found: string[] = [];
    for await (const event of live) {
      found.push(textOf(event));
      if (event.event === 'current') break;
    }
    expect(found).toEqual(['reset', 'approval b @20', 'approval a @25', 'approval c @26', 'current @26']);
  });

  it('asks before each event whether the caller may see it, and says nothing of what was never theirs', async () => {
    const it = world('mine');
    it.hidden.add('other');
    const { next } = listen(it);
    await next(3);
    it.changes.note('other', 20n);
    it.hidden.add('mine');
    it.changes.note('mine', 21n);
    expect(await next(1)).toEqual(['gone mine @21']);
    it.changes.note('mine', 22n);
    it.hidden.delete('mine');
    it.changes.note('mine', 23n);
    expect(await next(1)).toEqual(['approval mine @23']);
  });

  it(`leaves out what is over ${ITEMS_MAX}, and says how many`, async () => {
    const ids = Array.from({ length: ITEMS_MAX + 2 }, (_, at) => `a${at}`);
    const it = world(...ids);
    const { live } = listen(it);
    const found: LiveEvent[] = [];
    for await (const event of live) {
      found.push(event);
      if (event.event === 'current') break;
    }
    expect(found).toHaveLength(ITEMS_MAX + 2);
    expect(found.at(-1)).toMatchObject({ data: { left_out: 2 } });
    expect((await listen(it, '10.same').next(1))[0]).toBe('reset');
  });

  it('ends when it is told to, also while nothing happens, and listens no more', async () => {
    const it = world('a');
    const { next, stop } = listen(it);
    await next(3);
    const last = next(1);
    stop();
    expect(await last).toEqual(['end']);
    const listeners = (it.changes as unknown as { readonly listeners: ReadonlySet<unknown> }).listeners;
    expect(listeners.size).toBe(0);
  });

  it('ends with what could not be found out, and goes on there the next time', async () => {
    const it = world('a', 'b');
    let fails = true;
    const begin = (lastEventId?: string) =>
      liveList({
        changes: it.changes,
        pending: async () => ['a', 'b'],
        view: async (id) => {
          if (id === 'b' && fails) throw new Error('policy is away');
          return { id } as ApprovalView;
        },
        standing: STANDING,
        lastEventId,
        stopped: new AbortController().signal,
      });
    const found: LiveEvent[] = [];
    await expect(
      (async () => {
        for await (const event of begin()) found.push(event);
      })(),
    ).rejects.toThrow('policy is away');
    const last = found.at(-1);
    expect(last).toMatchObject({ event: 'approval', id: '10.same' });
    fails = false;
    const { value } = await begin('10.same').next();
    expect(value).toMatchObject({ event: 'approval', id: '20.same' });
  });
});

describe('the number of live lists', () => {
  it('is limited for each caller and for all, and a place is given back once', () => {
    const limit = createStreamLimit({ all: 3, each: 2 });
    const [first] = [limit.take('ana'), limit.take('ana')];
    expect(() => limit.take('ana')).toThrow(expect.objectContaining({ code: 'busy' }));
    limit.take('ben');
    expect(() => limit.take('cem')).toThrow(expect.objectContaining({ code: 'busy' }));
    first?.();
    first?.();
    limit.take('cem');
    expect(() => limit.take('dan')).toThrow(expect.objectContaining({ code: 'busy' }));
  });
});
