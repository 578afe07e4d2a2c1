import { CountersignError } from '#core/errors.js';
import type { Caller } from './caller.js';

type ScopeList = readonly string[];

/** Which scopes are demanded where; nothing configured, nothing demanded. */
export interface ScopeOptions {
  /** At every MCP endpoint. */
  readonly mcp: ScopeList;
  /** At every REST edge. */
  readonly rest: ScopeList;
  /** Of operations on one server, besides those of `mcp`. */
  readonly servers: Readonly<Record<string, { readonly read: ScopeList; readonly write: ScopeList }>>;
  /** Scopes that a scope contains; transitive, cycles do no harm. */
  readonly implies: Readonly<Record<string, ScopeList>>;
}

export const NO_SCOPES: ScopeOptions = { mcp: [], rest: [], servers: {}, implies: {} };

const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const unique = (scopes: ScopeList): ScopeList => [...new Set(scopes)];

/**
 * ALL scopes that one operation on a server needs, those of the endpoint included, so that one step-up is enough (MCP
 * basic/authorization, scope challenge handling).
 * @param kind undefined for what no policy operation covers: the endpoint's scopes only
 */
export const requiredScopes = (
  { mcp, servers }: ScopeOptions,
  server: string | undefined,
  kind?: 'read' | 'write',
): ScopeList => {
  const ofServer = server === undefined ? undefined : own(servers, server);
  return unique([...mcp, ...(kind === undefined ? [] : (ofServer?.[kind] ?? []))]);
};

/** Every scope that can be of use at an endpoint: `scopes_supported` of RFC 9728 section 2. */
export const supportedScopes = ({ mcp, servers }: ScopeOptions, server: string | undefined): ScopeList => {
  const names = server === undefined ? Object.keys(servers) : [server];
  const ofServers = names.flatMap((name) => {
    const { read = [], write = [] } = own(servers, name) ?? {};
    return [...read, ...write];
  });
  return unique([...mcp, ...ofServers]);
};

const expanded = (granted: ScopeList, implies: ScopeOptions['implies']): ReadonlySet<string> => {
  const all = new Set(granted);
  // A set that grows while it is walked: what was added is walked too, each scope once.
  for (const scope of all) for (const implied of own(implies, scope) ?? []) all.add(implied);
  return all;
};

/** The required scopes that a caller has neither been granted nor holds through another scope. */
export const missingScopes = (
  { scopes }: Pick<Caller, 'scopes'>,
  required: ScopeList,
  implies: ScopeOptions['implies'] = {},
): ScopeList => {
  if (required.length === 0) return required;
  const held = expanded(scopes, implies);
  return required.filter((scope) => !held.has(scope));
};

/** `scope_missing` with everything that is needed, for the challenge (RFC 6750 section 3.1 insufficient_scope). */
export class ScopeMissing extends CountersignError {
  constructor(readonly scopes: ScopeList) {
    super('scope_missing', `needed: ${scopes.join(' ')}`);
  }
}
