import type { CatalogKind, EntryName } from '#core/catalog/catalog.events.js';
import {
  type CatalogState,
  type EntryRecord,
  type EntryState,
  entryKey,
  entryState,
  votesFor,
} from '#core/catalog/catalog.state.js';
import { type ApprovalNeeds, approvalsNeeded } from '#core/catalog/decide-catalog.js';
import type { Definition } from '#core/catalog/definition.js';
import { type Difference, differences } from '#core/catalog/definition-difference.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import type { CatalogEntry } from './catalog.types.js';
import type { Listed } from './server-lists.js';

/** One entry as an operator sees it. */
export interface EntryView {
  readonly server: string;
  readonly kind: CatalogKind;
  readonly name: string;
  readonly state: EntryState;
  /** Why it is held; null when it is not. */
  readonly why: string | null;
  /** Of the definition listed now: the one to approve. Null when it is not listed. */
  readonly digest: Digest | null;
  readonly pinned: Digest | null;
  readonly pinnedBy: 'operator' | 'configuration' | null;
  /** Approvals of the definition listed now that are not enough yet. */
  readonly votes: readonly { readonly approver: string; readonly reason: string }[];
  /** How many more people must approve it; 0 when there is nothing to approve. */
  readonly stillNeeded: number;
}

/** An entry with both definitions; they are the server's text and nobody has checked it. */
export interface EntryDetail extends EntryView {
  readonly definition: { readonly pinned: JsonObject | null; readonly listed: JsonObject | null };
  readonly difference: readonly Difference[];
}

/** What is known of one server's entries. */
export interface ServerEntries {
  readonly server: string;
  /** Those that are pinned. */
  readonly kinds: readonly CatalogKind[];
  readonly lists: (kind: CatalogKind) => ReadonlyMap<string, Listed> | undefined;
  readonly state: CatalogState;
  readonly needs: ApprovalNeeds;
}

/** Sorted by kind, then by name. Never approved entries that are not listed any more are left out. */
export const viewsOf = (of: ServerEntries): readonly EntryView[] =>
  of.kinds.flatMap((kind) => {
    const records = [...of.state.entries.values()].filter((record) => record.kind === kind);
    const names = new Set([...records.map(({ name }) => name), ...(of.lists(kind)?.keys() ?? [])]);
    return [...names].sort().flatMap((name) => viewOf(of, { kind, name }) ?? []);
  });

/** Undefined: there is nothing of this name. */
export const detailOf = (of: ServerEntries, id: EntryName): EntryDetail | undefined => {
  const view = of.kinds.includes(id.kind) ? viewOf(of, id) : undefined;
  if (view === undefined) return undefined;
  const listed = of.lists(id.kind)?.get(id.name);
  const definition = {
    pinned: of.state.entries.get(entryKey(id))?.pin?.definition ?? null,
    listed: listed === undefined ? null : (JSON.parse(listed.definition.text) as JsonObject),
  };
  const both = definition.pinned !== null && definition.listed !== null;
  return {
    ...view,
    definition,
    difference: both ? differences(definition.pinned ?? undefined, definition.listed ?? undefined) : [],
  };
};

const viewOf = (
  { server, lists, state: { entries }, needs }: ServerEntries,
  { kind, name }: EntryName,
): EntryView | undefined => {
  const record = entries.get(entryKey({ kind, name }));
  const digest = lists(kind)?.get(name)?.entry.digest;
  const state = entryState(record, digest);
  if (state === undefined) return undefined;
  const votes = votesFor(record, digest);
  const isHeld = state !== 'pinned' && state !== 'missing';
  return {
    server,
    kind,
    name,
    state,
    why: state === 'pinned' ? null : whyHeld(state, record, digest),
    digest: digest ?? null,
    pinned: record?.pin?.digest ?? null,
    pinnedBy: record?.pin?.by ?? null,
    votes: votes.map(({ approver, reason }) => ({ approver: approver.principal, reason })),
    stillNeeded: isHeld ? Math.max(1, approvalsNeeded(needs, record) - votes.length) : 0,
  };
};

/** All that can be approved, by `entryKey`. */
export const listedIn = ({ kinds, lists }: ServerEntries): ReadonlyMap<string, Definition> =>
  new Map(
    kinds
      .flatMap((kind) => [...(lists(kind)?.values() ?? [])])
      .map(({ definition }) => [entryKey(definition), definition]),
  );

/** Equal when callers are shown the same. */
export const printOf = (shown: Iterable<CatalogEntry>): string => {
  const print = [...shown].map(({ name, digest }) => [name, digest]);
  return print.length === 0 ? '' : JSON.stringify(print);
};

/** For operators and for the refusal of a call; no text of the server in it. */
export const whyHeld = (
  state: EntryState,
  record: EntryRecord | undefined,
  listed: Digest | undefined,
): string => {
  const because = listed === undefined ? undefined : record?.held.get(listed)?.because;
  switch (state) {
    case 'collided':
      return because === 'name'
        ? 'its name has characters that can be taken for others'
        : 'its name can be taken for another one of this server';
    case 'drifted':
      return 'its definition is not the approved one';
    case 'returned':
      return 'its definition was changed or taken away after its approval, and has come back';
    case 'missing':
      return 'the server does not list it any more';
    default:
      return 'it was never approved';
  }
};
