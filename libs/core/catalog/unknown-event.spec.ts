import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../evidence/canonical-json.js';
import { type CatalogState, EMPTY_CATALOG, entryKey, entryState, evolveCatalog } from './catalog.state.js';
import { type CatalogChange, decideApprovals, decideListing } from './decide-catalog.js';
import type { Definition } from './definition.js';

const tool: Definition = { kind: 'tools', name: 'read', digest: `sha256:${'a'.repeat(64)}`, text: '{}' };
const unknown = { event: undefined, definition: {} };

const APPROVAL = {
  server: 's',
  needs: { roles: ['operator'], pin: 1, repin: 1 },
  operator: {
    approver: { principal: 'o', issuer: 'https://idp', subject: 'o' },
    roles: ['operator'],
    isMachine: false,
  },
  reason: null,
};

const fold = (state: CatalogState, changes: readonly CatalogChange[]): CatalogState =>
  evolveCatalog(
    state,
    changes.map(({ event, text }) => ({ event, definition: JSON.parse(text ?? '{}') as JsonObject })),
  );
const list = (state: CatalogState): CatalogState =>
  fold(state, decideListing(state, { server: 's', kind: 'tools', entries: [tool], first: 'trust-first' }));
const stateOf = (state: CatalogState) => entryState(state.entries.get(entryKey(tool)), tool.digest);

describe('a catalog with an event of a newer release', () => {
  it('holds everything of its server, until an operator approves it again', () => {
    const trusted = list(EMPTY_CATALOG);
    expect(stateOf(trusted)).toBe('pinned');
    const unread = evolveCatalog(trusted, [unknown]);
    expect(stateOf(unread)).toBe('returned');
    expect(stateOf(list(unread))).toBe('returned');
    const listed = new Map([[entryKey(tool), tool]]);
    expect(stateOf(fold(unread, decideApprovals(unread, { ...APPROVAL, listed, approvals: [tool] })))).toBe(
      'pinned',
    );
  });

  it('takes no list for the first one, which configuration may trust', () => {
    expect(stateOf(list(evolveCatalog(EMPTY_CATALOG, [unknown])))).toBe('new');
  });
});
