import type { CatalogKind } from '#core/catalog/catalog.events.js';
import {
  type CatalogState,
  type EntryRecord,
  type EntryState,
  entryKey,
  entryState,
} from '#core/catalog/catalog.state.js';
import { type Difference, differences } from '#core/catalog/definition-difference.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
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
}

/** An entry with both definitions; they are the server's text and nobody has checked it. */
export interface EntryDetail extends EntryView {
  readonly definition: { readonly pinned: JsonObject | null; readonly listed: JsonObject | null };
  readonly difference: readonly Difference[];
}

type Lists = (kind: CatalogKind) => ReadonlyMap<string, Listed> | undefined;

/** Sorted by kind, then by name. Never approved entries that are not listed any more are left out. */
export const viewsOf = (
  server: string,
  kinds: readonly CatalogKind[],
  lists: Lists,
  { entries }: CatalogState,
): readonly EntryView[] =>
  kinds.flatMap((kind) => {
    const records = [...entries.values()].filter((record) => record.kind === kind);
    const names = new Set([...records.map(({ name }) => name), ...(lists(kind)?.keys() ?? [])]);
    return [...names].sort().flatMap((name) => {
      const record = entries.get(entryKey({ kind, name }));
      const view = viewOf({ server, kind, name }, record, lists(kind)?.get(name));
      return view === undefined ? [] : [view];
    });
  });

/** Undefined: there is nothing of this name. */
export const detailOf = (
  id: { readonly server: string; readonly kind: CatalogKind; readonly name: string },
  lists: Lists,
  { entries }: CatalogState,
): EntryDetail | undefined => {
  const record = entries.get(entryKey(id));
  const listed = lists(id.kind)?.get(id.name);
  const view = viewOf(id, record, listed);
  if (view === undefined) return undefined;
  const definition = {
    pinned: record?.pin?.definition ?? null,
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
  { server, kind, name }: { readonly server: string; readonly kind: CatalogKind; readonly name: string },
  record: EntryRecord | undefined,
  listed: Listed | undefined,
): EntryView | undefined => {
  const digest = listed?.entry.digest;
  const state = entryState(record, digest);
  if (state === undefined) return undefined;
  return {
    server,
    kind,
    name,
    state,
    why: state === 'pinned' ? null : whyHeld(state, record, digest),
    digest: digest ?? null,
    pinned: record?.pin?.digest ?? null,
    pinnedBy: record?.pin?.by ?? null,
  };
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
