import type { Json } from '#core/evidence/canonical-json.js';
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

/** A version of an event that this replay can read. @throws Unreplayable unknown_engine */
export const assertVersion = ({ type, v }: { readonly type: string; readonly v: number }): void => {
  if (v !== 1) throw new Unreplayable({ engine: `${type} v ${v}` });
};
