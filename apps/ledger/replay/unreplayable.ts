import type { Json } from '#core/evidence/canonical-json.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';
import type { Verdict } from './report.js';

/** Ends the check of one record that cannot be run again; the run goes on with its verdict. */
export class Unreplayable extends Error {
  override readonly name = 'Unreplayable';
  constructor(private readonly because: { engine: string } | { kid: string } | { problem: string }) {
    super(JSON.stringify(because));
  }

  verdict(recorded: Json): Verdict {
    const { because } = this;
    if ('engine' in because) return { verdict: 'unknown_engine', engine: because.engine };
    if ('kid' in because) return { verdict: 'payload_erased', kid: because.kid };
    return { verdict: 'different', recorded, replayed: { problem: because.problem } };
  }
}

/** The event in the version that readers work with. @throws Unreplayable unknown_engine: of a version that is not known */
export const requireVersion = (entry: Entry): Entry => {
  const known = knownEvent<Entry>(entry);
  if (known === undefined) throw new Unreplayable({ engine: `${entry.type} v ${entry.v}` });
  return known;
};
