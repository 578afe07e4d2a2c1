import { describe, expect, it } from 'vitest';
import type { JsonObject } from './canonical-json.js';
import type { Entry } from './entry.js';
import { EVENT_VERSIONS } from './event-versions.js';
import { asEvent, knownEvent, requireKnown } from './read-entry.js';
import { createUpcast, UPCASTERS } from './upcast.js';

const entry = (type: string, v: number, data: JsonObject): Entry => ({
  actor: { kind: 'service', service: 'test', instance: 't' },
  causation: 'c',
  correlation: 'c',
  data,
  id: 'e',
  revision: 3,
  stream: 'test-c',
  time: '2026-11-23T00:00:00.000Z',
  type,
  v,
});

describe('upcasting', () => {
  /** A type of three versions: version 2 named the unit, version 3 made a list of the tool. */
  const upcast = createUpcast(
    { ToolTimed: 3 },
    {
      ToolTimed: [
        ({ elapsed, ...rest }) => ({ ...rest, elapsed_us: (elapsed as number) * 1_000 }),
        ({ tool, ...rest }) => ({ ...rest, tools: [tool ?? null] }),
      ],
    },
  );

  it('brings an entry of any older version to the current one, step by step', () => {
    const current = entry('ToolTimed', 3, { elapsed_us: 5_000, tools: ['a'] });
    expect(upcast(entry('ToolTimed', 1, { elapsed: 5, tool: 'a' }))).toEqual(current);
    expect(upcast(entry('ToolTimed', 2, { elapsed_us: 5_000, tool: 'a' }))).toEqual(current);
  });

  it('leaves the entry that was read as it is, and gives a current one back unchanged', () => {
    const old = entry('ToolTimed', 1, { elapsed: 5, tool: 'a' });
    const before = structuredClone(old);
    upcast(old);
    expect(old).toEqual(before);
    const current = entry('ToolTimed', 3, {});
    expect(upcast(current)).toBe(current);
  });

  it.each([
    ['a newer version', entry('ToolTimed', 4, {})],
    ['a version before the first', entry('ToolTimed', 0, {})],
    ['no whole number', entry('ToolTimed', 1.5, {})],
    ['an unknown type', entry('FutureThing', 7, {})],
    ['a type with the name of a member of every object', entry('constructor', 1, {})],
  ])('guesses nothing of %s', (_what, unknown) => {
    expect(upcast(unknown)).toBeUndefined();
  });

  it('refuses a registry that leaves out a step, or has one too many', () => {
    expect(() => createUpcast({ A: 2 }, {})).toThrow(RangeError);
    expect(() => createUpcast({ A: 1 }, { A: [(data) => data] })).toThrow(RangeError);
    expect(() => createUpcast({}, { A: [(data) => data] })).toThrow(RangeError);
    expect(() => createUpcast(EVENT_VERSIONS, UPCASTERS)).not.toThrow();
  });
});

describe('an event as its readers get it', () => {
  it('is there for every type at its current version', () => {
    for (const [type, v] of Object.entries(EVENT_VERSIONS))
      expect(knownEvent(entry(type, v, {}))).toMatchObject({ type, v });
  });

  it('is an error that names type, version and stream where nothing can go on without it', () => {
    const unknown = entry('CallCompleted', 9, {});
    expect(knownEvent(unknown)).toBeUndefined();
    expect(() => asEvent(unknown)).toThrow('event_unknown: CallCompleted of version 9 in test-c');
    expect(() => requireKnown([entry('CallCompleted', 1, {}), unknown])).toThrow('event_unknown');
    expect(() => requireKnown([entry('CallCompleted', 1, {})])).not.toThrow();
  });
});
