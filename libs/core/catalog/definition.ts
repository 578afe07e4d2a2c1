import { canonicalJson, type JsonObject } from '../evidence/canonical-json.js';
import type { Digest, HashFunction } from '../hash.js';
import type { CatalogKind, EntryName } from './catalog.events.js';

/** A listed entry, reduced to what a pin binds. */
export interface Definition extends EntryName {
  readonly digest: Digest;
  /** RFC 8785 text of the bound members; `digest` is over its UTF-8 bytes. */
  readonly text: string;
}

/**
 * What a pin does not bind, by kind. Everything else an entry says is bound, members of later revisions included: they
 * may be read by a model that we do not know.
 * - `_meta` and `icons` change from list to list (signed addresses, counters) and are not read by the model; `execution`
 *   (2025-11-25) says how a tool may be called, not what it does, and the gateway speaks for itself there. Left out, the
 *   digest of a tool is the one over name, title, description, schemas and annotations, to which approvals bind.
 * - `size` of a resource is its data, not its definition.
 */
const UNBOUND: { readonly [kind in CatalogKind]: readonly string[] } = {
  tools: ['_meta', 'icons', 'execution'],
  prompts: ['_meta', 'icons'],
  resourceTemplates: ['_meta', 'icons'],
  resources: ['_meta', 'icons', 'size'],
};

/** When a resource was changed last is its data as well. */
const UNBOUND_ANNOTATION = 'lastModified';

/** @throws TypeError when `json` holds something JSON cannot say exactly */
export const definitionOf = (hash: HashFunction, { kind, name }: EntryName, json: JsonObject): Definition => {
  const bound = Object.entries(json).filter(([member]) => !UNBOUND[kind].includes(member));
  const text = canonicalJson(
    Object.fromEntries(
      bound.map(([member, value]) =>
        member === 'annotations' && (kind === 'resources' || kind === 'resourceTemplates')
          ? [member, withoutTimes(value as JsonObject)]
          : [member, value],
      ),
    ),
  );
  return { kind, name, digest: hash(text), text };
};

const withoutTimes = (annotations: JsonObject): JsonObject =>
  typeof annotations === 'object' && annotations !== null && !Array.isArray(annotations)
    ? Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== UNBOUND_ANNOTATION))
    : annotations;
