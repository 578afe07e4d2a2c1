import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import type { ListKind } from '#mcp/upstream/upstream.types.js';
import { sha256 } from '#sealing/sha256.js';
import type { CatalogEntry } from '../catalog/catalog.types.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import { refuse, refuseWith } from './refuse.js';

/** What a call is aimed at, as the catalog has it. */
export interface Resolved {
  /** Null for targets without a definition of their own: resources are read by URI, methods are part of the protocol. */
  readonly entry: CatalogEntry | null;
  /** Of the pinned definition; recorded with the call. */
  readonly digest: Digest | null;
  /** What approvals bind to: the definition, or where there is none the method. */
  readonly boundDigest: Digest;
}

/** @throws CountersignError tool_unknown, tool_held, upstream_unavailable; each on record */
export const resolve = async (gateway: Gateway, call: Call): Promise<Resolved> => {
  const listed = listOf(call);
  if (listed === undefined) return { entry: null, digest: null, boundDigest: sha256(call.method) };
  const known = { tool: null, decided: null };
  const found = await gateway.catalog
    .lookup(call.server, listed, call.target.name)
    .catch(refuseWith(gateway, call, known));
  if (found.state === 'held') return refuse(gateway, call, known, 'tool_held', found.why);
  if (found.state === 'unknown' || found.entry === undefined)
    return refuse(gateway, call, known, 'tool_unknown', `${call.server} has none of this name`);
  const { entry } = found;
  return { entry, digest: entry.digest, boundDigest: entry.digest };
};

/**
 * Whether a held call may still go to the very definition that was approved.
 * @throws CountersignError approval_stale, upstream_unavailable
 */
export const requireSame = async (gateway: Gateway, call: Call, { entry }: Resolved): Promise<void> => {
  if (entry === null) return;
  const now = await gateway.catalog.lookup(call.server, entry.kind, entry.name);
  const isSame = 'entry' in now && now.entry?.digest === entry.digest;
  if (!isSame) throw new CountersignError('approval_stale', 'its definition is no longer approved');
};

const listOf = ({ target }: Call): ListKind | undefined => {
  if (target.kind === 'tool') return 'tools';
  return target.kind === 'prompt' ? 'prompts' : undefined;
};
