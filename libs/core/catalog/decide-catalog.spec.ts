import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { JsonObject } from '../evidence/canonical-json.js';
import type { Digest } from '../hash.js';
import { type CatalogState, EMPTY_CATALOG, entryKey, entryState, evolveCatalog } from './catalog.state.js';
import {
  type CatalogChange,
  decideApprovals,
  decideListing,
  type FirstApproval,
  HELD_MAX,
  type OperatorApproval,
  UNAPPROVED_MAX,
} from './decide-catalog.js';
import type { Definition } from './definition.js';

const digestOf = (text: string): Digest => `sha256:${text.padEnd(64, '0')}`;
/** A tool whose definition is told by one letter. */
const tool = (name: string, letter = 'a'): Definition => ({
  kind: 'tools',
  name,
  digest: digestOf(letter),
  text: JSON.stringify({ description: letter }),
});
const prompt = (name: string): Definition => ({ ...tool(name), kind: 'prompts' });

const fold = (state: CatalogState, changes: readonly CatalogChange[]): CatalogState =>
  evolveCatalog(
    state,
    changes.map(({ event, text }) => ({ event, definition: JSON.parse(text ?? '{}') as JsonObject })),
  );

const decide = (state: CatalogState, entries: readonly Definition[], first: FirstApproval = 'approve') =>
  decideListing(state, { server: 's', kind: 'tools', entries, first });
const list = (state: CatalogState, entries: readonly Definition[], first?: FirstApproval): CatalogState =>
  fold(state, decide(state, entries, first));
const listedOf = (entries: readonly Definition[]) =>
  new Map(entries.map((entry) => [entryKey(entry), entry]));
const operator = (name: string, isMachine = false) => ({
  approver: { principal: name, issuer: 'https://idp', subject: name },
  roles: ['operator'],
  isMachine,
});
const command = (entries: readonly Definition[], more: Partial<OperatorApproval> = {}): OperatorApproval => ({
  server: 's',
  listed: listedOf(entries),
  approvals: entries,
  needs: { roles: ['operator'], pin: 1, repin: 1 },
  operator: operator('operator-1'),
  reason: null,
  ...more,
});
const approve = (state: CatalogState, entries: readonly Definition[]): CatalogState =>
  fold(state, decideApprovals(state, command(entries)));
const told = (changes: readonly CatalogChange[]): readonly string[] =>
  changes.map(({ event }) =>
    [event.type, event.data.name, 'because' in event.data ? event.data.because : ''].join(' ').trim(),
  );
const stateOf = (state: CatalogState, { kind, name, digest }: Definition) =>
  entryState(state.entries.get(entryKey({ kind, name })), digest);
const missing = (state: CatalogState, name: string) =>
  entryState(state.entries.get(entryKey({ kind: 'tools', name })), undefined);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};

const APPROVED = approve(list(EMPTY_CATALOG, [tool('read')]), [tool('read')]);

describe('a list', () => {
  it('holds what was never approved, and says so once', () => {
    const changes = decide(EMPTY_CATALOG, [tool('read'), tool('write')]);
    expect(told(changes)).toEqual(['CatalogEntryHeld read new', 'CatalogEntryHeld write new']);
    const state = fold(EMPTY_CATALOG, changes);
    expect(stateOf(state, tool('read'))).toBe('new');
    expect(decide(state, [tool('write'), tool('read')])).toEqual([]);
  });
  it('changes nothing when it lists what is pinned', () => {
    expect(stateOf(APPROVED, tool('read'))).toBe('pinned');
    expect(decide(APPROVED, [tool('read')])).toEqual([]);
  });
  it('holds another definition of a pinned entry, before and after it is on record', () => {
    expect(stateOf(APPROVED, tool('read', 'b'))).toBe('drifted');
    expect(told(decide(APPROVED, [tool('read', 'b')]))).toEqual(['CatalogEntryHeld read drifted']);
    expect(stateOf(list(APPROVED, [tool('read', 'b')]), tool('read', 'b'))).toBe('drifted');
  });
  it('holds the pinned definition too when it comes back after another one', () => {
    const drifted = list(APPROVED, [tool('read', 'b')]);
    expect(stateOf(drifted, tool('read'))).toBe('returned');
    expect(told(decide(drifted, [tool('read')]))).toEqual(['CatalogEntryHeld read returned']);
  });
  it('holds a pinned definition that was taken away and is listed again', () => {
    expect(told(decide(APPROVED, []))).toEqual(['CatalogEntryRemoved read']);
    const removed = list(APPROVED, []);
    expect(missing(removed, 'read')).toBe('missing');
    expect(decide(removed, [])).toEqual([]);
    expect(stateOf(list(removed, [tool('read')]), tool('read'))).toBe('returned');
  });
  it('holds a definition once, however often a server changes to and fro', () => {
    let state = APPROVED;
    let events = 0;
    for (let turn = 0; turn < 20; turn++) {
      for (const letter of ['b', 'a', 'c']) {
        const changes = decide(state, [tool('read', letter)]);
        events += changes.length;
        state = fold(state, changes);
      }
    }
    expect(events).toBe(3);
  });
  it(`keeps at most ${HELD_MAX} held definitions of an entry`, () => {
    let state = APPROVED;
    for (let turn = 0; turn < HELD_MAX + 5; turn++) state = list(state, [tool('read', `f${turn}`)]);
    expect(state.entries.get('tools\nread')?.held.size).toBe(HELD_MAX);
    expect(stateOf(state, tool('read', `f${HELD_MAX + 4}`))).toBe('drifted');
  });
  it(`keeps at most ${UNAPPROVED_MAX} entries that were never approved, whatever names a server makes up`, () => {
    const names = Array.from({ length: UNAPPROVED_MAX - 1 }, (_, index) => tool(`t${index}`));
    const full = list(EMPTY_CATALOG, names);
    expect(told(decide(full, [tool('one-more'), tool('too-many')]))).toEqual([
      'CatalogEntryHeld one-more new',
    ]);
    expect(stateOf(full, tool('too-many'))).toBe('new');
  });
  it('of one kind says nothing of the others', () => {
    const state = approve(APPROVED, [prompt('summary')]);
    expect(told(decide(state, [tool('read')]))).toEqual([]);
  });
});

describe('names that can be taken for others', () => {
  it('are held as such when the twin is pinned, which stays', () => {
    const changes = decide(APPROVED, [tool('read'), tool('Read', 'b')]);
    expect(told(changes)).toEqual(['CatalogEntryHeld Read collided']);
    const state = fold(APPROVED, changes);
    expect(stateOf(state, tool('read'))).toBe('pinned');
    expect(stateOf(state, tool('Read', 'b'))).toBe('collided');
  });
  it('are held when the pinned twin is not listed any more', () => {
    expect(told(decide(APPROVED, [tool('Read', 'b')]))).toContain('CatalogEntryHeld Read collided');
  });
  it('are both held when neither is approved, also where the first list is trusted', () => {
    const changes = decide(EMPTY_CATALOG, [tool('list'), tool('1ist'), tool('x')], 'trust-first');
    expect(told(changes)).toEqual([
      'CatalogEntryHeld list collided',
      'CatalogEntryHeld 1ist collided',
      'CatalogEntryPinned x',
    ]);
  });
  it('and names beyond ASCII are usable once an operator approves that very name', () => {
    const odd = tool('r\u0435ad');
    expect(told(decide(EMPTY_CATALOG, [odd], 'trust-first'))).toEqual([`CatalogEntryHeld ${odd.name} name`]);
    const state = approve(list(EMPTY_CATALOG, [odd]), [odd]);
    expect(stateOf(state, odd)).toBe('pinned');
  });
});

describe('trust in the first list', () => {
  const trusted = list(EMPTY_CATALOG, [tool('read'), tool('write')], 'trust-first');
  it('pins it by configuration', () => {
    expect(stateOf(trusted, tool('read'))).toBe('pinned');
    expect(trusted.entries.get('tools\nread')?.pin?.by).toBe('configuration');
  });
  it('does not reach what is listed later', () => {
    const later = list(trusted, [tool('read'), tool('write'), tool('delete')], 'trust-first');
    expect(stateOf(later, tool('delete'))).toBe('new');
    expect(stateOf(list(trusted, [tool('read', 'b')], 'trust-first'), tool('read', 'b'))).toBe('drifted');
  });
  it('does not come back when everything was removed', () => {
    const empty = list(trusted, [], 'trust-first');
    expect(told(decide(empty, [tool('read'), tool('other')], 'trust-first'))).toEqual([
      'CatalogEntryHeld read returned',
      'CatalogEntryHeld other new',
    ]);
  });
  it('waits for a list that holds something', () => {
    expect(decide(EMPTY_CATALOG, [], 'trust-first')).toEqual([]);
  });
});

describe('an approval', () => {
  it('pins what is listed now, and names what it replaces', () => {
    const listed = [tool('read', 'b')];
    const [change] = decideApprovals(list(APPROVED, listed), command(listed, { reason: 'looked at it' }));
    expect(change?.event).toMatchObject({
      type: 'CatalogEntryPinned',
      data: { by: 'operator', digest: digestOf('b'), replaces: digestOf('a'), reason: 'looked at it' },
      payload: { commit: digestOf('b') },
    });
  });
  it('makes a returned entry usable again', () => {
    const removed = list(list(APPROVED, []), [tool('read')]);
    expect(stateOf(approve(removed, [tool('read')]), tool('read'))).toBe('pinned');
  });
  it('of what is pinned already changes nothing', () => {
    expect(decideApprovals(APPROVED, command([tool('read')]))).toEqual([]);
  });
  it('needs the digest that is listed now', () => {
    const now = listedOf([tool('read', 'b')]);
    expect(codeOf(() => decideApprovals(APPROVED, command([tool('read', 'a')], { listed: now })))).toBe(
      'digest_mismatch',
    );
  });
  it('needs the entry to be listed', () => {
    expect(codeOf(() => decideApprovals(APPROVED, command([tool('read')], { listed: new Map() })))).toBe(
      'catalog_entry_unknown',
    );
  });
  it('of many is all or nothing, and each counts once', () => {
    const listed = listedOf([tool('a'), tool('b')]);
    const many = (approvals: readonly Definition[]) =>
      decideApprovals(EMPTY_CATALOG, command(approvals, { listed }));
    expect(many([tool('a'), tool('b'), tool('a')])).toHaveLength(2);
    expect(codeOf(() => many([tool('a'), tool('b', 'x')]))).toBe('digest_mismatch');
  });
  it('starts the record of held definitions afresh', () => {
    const pinnedAgain = approve(list(APPROVED, [tool('read', 'b')]), [tool('read', 'b')]);
    expect(told(decide(pinnedAgain, [tool('read')]))).toEqual(['CatalogEntryHeld read drifted']);
  });
});
