import { randomUUID } from 'node:crypto';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import type { Json } from '#core/evidence/canonical-json.js';
import type { ReadEvent } from '#core/evidence/read.events.js';
import type { Caller } from '#identity/caller.js';
import { callerActor } from './record-refusal.js';

export interface Read {
  readonly what: string;
  /** What was asked for; never a value of a customer. */
  readonly query: { readonly [name: string]: Json | undefined };
  readonly allowed: boolean;
}

/** What puts on record that somebody looks, or was refused a look, into records. */
export const readCommand = (caller: Caller, read: Read): AppendCommand => {
  const id = randomUUID();
  const query = Object.fromEntries(
    Object.entries(read.query).filter((pair): pair is [string, Json] => pair[1] !== undefined),
  );
  const event: ReadEvent = {
    type: read.allowed ? 'LedgerRead' : 'LedgerReadRefused',
    v: 1,
    data: { what: read.what, query },
  };
  return buildAppend(
    {
      stream: `read-${id}`,
      expected: -1,
      time: new Date().toISOString(),
      actor: callerActor(caller),
      correlation: id,
      causation: id,
      newId: randomUUID,
    },
    [{ event }],
  );
};
