import type { JsonObject } from './canonical-json.js';
import type { Entry } from './entry.js';
import { EVENT_VERSIONS } from './event-versions.js';

/** Makes the data of the next version from the data of one version. Pure; what the older one does not say stays unsaid. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** By type, in order: the first makes version 2 of version 1. */
export type Upcasters = { readonly [type: string]: readonly Upcaster[] };

/** None yet: every type is of version 1. */
export const UPCASTERS: Upcasters = {};

/** Brings an entry to the version its readers work with. Undefined: a type or version that this release does not know. */
export type Upcast = (entry: Entry) => Entry | undefined;

/** @throws RangeError when a type has fewer or more upcasters than the steps to its current version */
export const createUpcast = (versions: { readonly [type: string]: number }, upcasters: Upcasters): Upcast => {
  const current = new Map(Object.entries(versions));
  const steps = new Map(Object.entries(upcasters));
  for (const type of new Set([...current.keys(), ...steps.keys()])) {
    const given = steps.get(type)?.length ?? 0;
    const needed = (current.get(type) ?? 0) - 1;
    if (given !== needed) throw new RangeError(`${type} needs ${needed} upcasters and has ${given}`);
  }
  return (entry) => {
    const known = current.get(entry.type);
    if (known === undefined || !Number.isInteger(entry.v) || entry.v < 1 || entry.v > known) return undefined;
    if (entry.v === known) return entry;
    const data = (steps.get(entry.type) ?? [])
      .slice(entry.v - 1)
      .reduce<JsonObject>((older, step) => step(older), entry.data);
    return { ...entry, v: known, data };
  };
};

export const upcast: Upcast = createUpcast(EVENT_VERSIONS, UPCASTERS);
