import { type Ballot, type CastVote, checkVote, isMet } from '../approval/decide-approval.js';
import { CountersignError } from '../errors.js';
import type { Digest } from '../hash.js';
import type { CatalogEvent, CatalogKind, EntryName, HeldBecause } from './catalog.events.js';
import { type CatalogState, type EntryRecord, entryKey, votesFor } from './catalog.state.js';
import type { Definition } from './definition.js';
import { collidingNames, isPlainName } from './names.js';

/** An event, and the text of the definition that travels with it. */
export interface CatalogChange {
  readonly event: CatalogEvent;
  readonly text?: string;
}

/** `approve`: an operator approves everything. `trust-first`: the first list of each kind is pinned as it is. */
export type FirstApproval = 'approve' | 'trust-first';

/** So many definitions of one entry are kept between two approvals; further ones are held without a record. */
export const HELD_MAX = 16;

/** So many never approved entries of one server and kind are kept; further ones are held without a record. */
export const UNAPPROVED_MAX = 4_000;

export interface Listing {
  readonly server: string;
  readonly kind: CatalogKind;
  /** Everything of this kind that the server lists now. */
  readonly entries: readonly Definition[];
  readonly first: FirstApproval;
}

/**
 * What a list changes. A definition that is not the pinned one is held, and so is the pinned one after it was changed or
 * taken away. Never trusted by configuration: what comes after the first list of its kind that held anything, and names
 * that can be taken for others. The same list again changes nothing.
 */
export const decideListing = (
  state: CatalogState,
  { server, kind, entries, first }: Listing,
): readonly CatalogChange[] => {
  const records = [...state.entries.values()].filter((record) => record.kind === kind);
  const trusts = first === 'trust-first' && records.length === 0 && !state.hasUnread;
  const names = new Set(entries.map(({ name }) => name));
  const colliding = collidingNames([...names, ...records.filter(({ pin }) => pin).map(({ name }) => name)]);
  let unapproved = records.filter(({ pin }) => pin === null).length;
  const changes = entries.flatMap((entry): readonly CatalogChange[] => {
    const record = state.entries.get(entryKey(entry));
    if (record?.intact && record.pin?.digest === entry.digest) return [];
    const because = reasonOf(record, entry, colliding);
    if (trusts && because === 'new') return [pinned(server, entry, 'configuration', null, null)];
    const { held } = record ?? { held: new Map() };
    if (held.has(entry.digest) || held.size >= HELD_MAX) return [];
    if (record === undefined && ++unapproved > UNAPPROVED_MAX) return [];
    return [heldBack(server, entry, because)];
  });
  const removed = records.filter(({ intact, name }) => intact && !names.has(name));
  return [...changes, ...removed.flatMap((record) => removal(server, record))];
};

export interface Approval extends EntryName {
  /** The one the operator was shown. */
  readonly digest: Digest;
}

/** Who approves definitions, and how many of them, each another human. */
export interface ApprovalNeeds {
  readonly roles: readonly string[];
  /** For a definition of an entry that was never approved. */
  readonly pin: number;
  /** For one that takes the place of an approved one, or brings it back. */
  readonly repin: number;
}

export const approvalsNeeded = ({ pin, repin }: ApprovalNeeds, record: EntryRecord | undefined): number =>
  record?.pin ? repin : pin;

export interface OperatorApproval {
  readonly server: string;
  /** What the server lists now, by `entryKey`: only that can be approved. */
  readonly listed: ReadonlyMap<string, Definition>;
  readonly approvals: readonly Approval[];
  readonly needs: ApprovalNeeds;
  readonly operator: Pick<CastVote, 'approver' | 'roles' | 'isMachine'>;
  readonly reason: string | null;
}

/**
 * Counts an operator's approval and pins what has enough of them; nothing when all of it is pinned already.
 * @throws CountersignError catalog_entry_unknown: it is not listed; digest_mismatch: it is not what is listed now; and those of
 *   `checkVote`
 */
export const decideApprovals = (state: CatalogState, command: OperatorApproval): readonly CatalogChange[] => {
  const { server, listed, approvals } = command;
  const once = new Map(approvals.map((approval) => [entryKey(approval), approval]));
  return [...once].flatMap(([key, { kind, name, digest }]) => {
    const entry = listed.get(key);
    if (entry === undefined)
      throw new CountersignError('catalog_entry_unknown', `${server} lists no such ${kind}`);
    if (entry.digest !== digest) throw new CountersignError('digest_mismatch', `${kind} ${printable(name)}`);
    const record = state.entries.get(key);
    if (record?.intact && record.pin?.digest === digest) return [];
    return approved(entry, record, command);
  });
};

/** One person's word is the pin itself; of several each is on record, the last one together with the pin. */
const approved = (
  entry: Definition,
  record: EntryRecord | undefined,
  { server, needs, operator, reason }: OperatorApproval,
): readonly CatalogChange[] => {
  const { digest, kind, name } = entry;
  const needed = approvalsNeeded(needs, record);
  const ballot: Ballot = { digest, requester: null, requirements: [{ by: needs.roles, count: needed }] };
  const votes = votesFor(record, digest);
  const vote = checkVote(ballot, votes, {
    vote: 'approve',
    ...operator,
    digest,
    reason: reason ?? undefined,
  });
  const replaces = record?.pin?.digest ?? null;
  const voted: CatalogChange = {
    event: { type: 'CatalogEntryVoted', v: 1, data: { digest, kind, name, needed, replaces, server, vote } },
  };
  if (!isMet(ballot, [...votes, vote])) return [voted];
  const pin = pinned(server, entry, 'operator', reason, replaces);
  return needed === 1 ? [pin] : [voted, pin];
};

const reasonOf = (
  record: EntryRecord | undefined,
  { kind, name, digest }: Definition,
  colliding: ReadonlySet<string>,
): HeldBecause => {
  if (record?.pin) return record.pin.digest === digest ? 'returned' : 'drifted';
  if (!isPlainName(kind, name)) return 'name';
  return colliding.has(name) ? 'collided' : 'new';
};

const payloadOf = ({ digest, text }: Definition) => ({
  commit: digest,
  bytes: new TextEncoder().encode(text).length,
});

const heldBack = (server: string, entry: Definition, because: HeldBecause): CatalogChange => {
  const { digest, kind, name, text } = entry;
  const data = { because, digest, kind, name, server };
  return { event: { type: 'CatalogEntryHeld', v: 1, data, payload: payloadOf(entry) }, text };
};

const pinned = (
  server: string,
  entry: Definition,
  by: 'operator' | 'configuration',
  reason: string | null,
  replaces: Digest | null,
): CatalogChange => {
  const { digest, kind, name, text } = entry;
  const data = { by, digest, kind, name, reason, replaces, server };
  return { event: { type: 'CatalogEntryPinned', v: 1, data, payload: payloadOf(entry) }, text };
};

const removal = (server: string, { kind, name, pin }: EntryRecord): readonly CatalogChange[] =>
  pin === null
    ? []
    : [{ event: { type: 'CatalogEntryRemoved', v: 1, data: { digest: pin.digest, kind, name, server } } }];

/** Names are the server's text: for messages only what cannot disturb them. */
const printable = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
