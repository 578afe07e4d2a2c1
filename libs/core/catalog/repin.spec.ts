import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { JsonObject } from '../evidence/canonical-json.js';
import type { Digest } from '../hash.js';
import { type CatalogState, EMPTY_CATALOG, entryKey, entryState, evolveCatalog } from './catalog.state.js';
import { type CatalogChange, decideApprovals, decideListing } from './decide-catalog.js';
import type { Definition } from './definition.js';

const tool = (letter: string): Definition => ({
  kind: 'tools',
  name: 'read',
  digest: `sha256:${letter.repeat(64)}`,
  text: JSON.stringify({ description: letter }),
});
const A = tool('a');
const B = tool('b');

const fold = (state: CatalogState, changes: readonly CatalogChange[]): CatalogState =>
  evolveCatalog(
    state,
    changes.map(({ event, text }) => ({ event, definition: JSON.parse(text ?? '{}') as JsonObject })),
  );
const list = (state: CatalogState, entries: readonly Definition[]): CatalogState =>
  fold(state, decideListing(state, { server: 's', kind: 'tools', entries, first: 'trust-first' }));

interface Voter {
  readonly subject?: string;
  readonly human?: string;
  readonly roles?: readonly string[];
  readonly isMachine?: boolean;
  readonly digest?: Digest;
  readonly repin?: number;
}
const vote = (
  state: CatalogState,
  listed: Definition,
  name: string,
  { subject = name, human, roles = ['operator'], isMachine = false, digest, repin = 2 }: Voter = {},
): readonly CatalogChange[] =>
  decideApprovals(state, {
    server: 's',
    listed: new Map([[entryKey(listed), listed]]),
    approvals: [{ kind: 'tools', name: 'read', digest: digest ?? listed.digest }],
    needs: { roles: ['operator'], pin: 1, repin },
    operator: {
      approver: { principal: name, issuer: 'https://idp', subject, ...(human !== undefined && { human }) },
      roles,
      isMachine,
    },
    reason: 'read it',
  });
const voted = (state: CatalogState, listed: Definition, name: string, voter?: Voter): CatalogState =>
  fold(state, vote(state, listed, name, voter));
const stateOf = (state: CatalogState, listed: Definition) =>
  entryState(state.entries.get(entryKey(listed)), listed.digest);
const types = (changes: readonly CatalogChange[]) => changes.map(({ event }) => event.type);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};

const PINNED = list(EMPTY_CATALOG, [A]);
const DRIFTED = list(PINNED, [B]);
const ONE_VOTE = voted(DRIFTED, B, 'operator-1');

describe('a definition that takes the place of an approved one', () => {
  it('needs as many different operators as configured, each on record with the digest shown', () => {
    const [first] = vote(DRIFTED, B, 'operator-1');
    expect(first?.event).toMatchObject({
      type: 'CatalogEntryVoted',
      data: {
        digest: B.digest,
        replaces: A.digest,
        needed: 2,
        vote: { approver: { subject: 'operator-1' }, digest: B.digest, reason: 'read it' },
      },
    });
    expect(stateOf(ONE_VOTE, B)).toBe('drifted');
    expect(types(vote(ONE_VOTE, B, 'operator-2'))).toEqual(['CatalogEntryVoted', 'CatalogEntryPinned']);
    expect(stateOf(voted(ONE_VOTE, B, 'operator-2'), B)).toBe('pinned');
  });

  it('is pinned with the last of five, and not with the fourth', () => {
    let state = DRIFTED;
    for (const name of ['1', '2', '3', '4']) state = voted(state, B, name, { repin: 5 });
    expect(stateOf(state, B)).toBe('drifted');
    expect(stateOf(voted(state, B, '5', { repin: 5 }), B)).toBe('pinned');
  });

  it.each<[string, string, () => unknown]>([
    ['the same operator', 'approver_voted_already', () => vote(ONE_VOTE, B, 'operator-1')],
    [
      'the same account under another name',
      'approver_voted_already',
      () => vote(ONE_VOTE, B, 'x', { subject: 'operator-1' }),
    ],
    [
      'the same human by another account',
      'approver_voted_already',
      () => vote(voted(DRIFTED, B, 'one', { human: 'h' }), B, 'two', { human: 'h' }),
    ],
    ['a program', 'approver_not_eligible', () => vote(ONE_VOTE, B, 'robot', { isMachine: true })],
    [
      'somebody who is no operator',
      'approver_not_eligible',
      () => vote(ONE_VOTE, B, 'clerk', { roles: ['clerk'] }),
    ],
    [
      'somebody who was shown another definition',
      'digest_mismatch',
      () => vote(ONE_VOTE, B, 'operator-2', { digest: A.digest }),
    ],
  ])('is not approved by %s: %s', (_, code, run) => {
    expect(codeOf(run)).toBe(code);
  });

  it('starts anew when the server lists a third one, and again when the second comes back', () => {
    const third = tool('c');
    const changed = list(ONE_VOTE, [third]);
    expect(types(vote(changed, third, 'operator-2'))).toEqual(['CatalogEntryVoted']);
    expect(types(vote(changed, B, 'operator-2'))).toEqual(['CatalogEntryVoted']);
  });

  it('starts anew when the server has taken it away in between, and when the first one returns', () => {
    const returned = voted(list(list(PINNED, []), [A]), A, 'operator-1');
    expect(stateOf(returned, A)).toBe('returned');
    expect(stateOf(voted(returned, A, 'operator-2'), A)).toBe('pinned');
  });

  it('keeps the votes that came before the change itself was on record', () => {
    const early = voted(PINNED, B, 'operator-1');
    expect(stateOf(voted(list(early, [B]), B, 'operator-2'), B)).toBe('pinned');
  });

  it('loses its votes with an event that this release cannot read', () => {
    const unread = evolveCatalog(ONE_VOTE, [{ event: undefined, definition: {} }]);
    expect(types(vote(unread, B, 'operator-2'))).toEqual(['CatalogEntryVoted']);
  });

  it('needs them again for the next change', () => {
    const approved = voted(ONE_VOTE, B, 'operator-2');
    const next = list(approved, [tool('c')]);
    expect(types(vote(next, tool('c'), 'operator-1'))).toEqual(['CatalogEntryVoted']);
  });
});

it('an entry that was never approved needs the smaller number', () => {
  expect(types(vote(EMPTY_CATALOG, A, 'operator-1'))).toEqual(['CatalogEntryPinned']);
});
