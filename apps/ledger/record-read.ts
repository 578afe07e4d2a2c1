import { randomUUID } from 'node:crypto';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Json } from '#core/evidence/canonical-json.js';
import type { ReadEvent } from '#core/evidence/read.events.js';
import type { Caller } from '#identity/caller.js';
import type { Ledger } from './ledger.js';

/** Records that somebody looks, or was refused a look, into the ledger, before they see anything. Answers the record's position. */
export const recordRead = async (
  ledger: Ledger,
  caller: Caller,
  read: {
    readonly what: string;
    readonly query: { readonly [name: string]: Json | undefined };
    readonly allowed: boolean;
  },
): Promise<bigint> => {
  const id = randomUUID();
  const query = Object.fromEntries(
    Object.entries(read.query).filter((pair): pair is [string, Json] => pair[1] !== undefined),
  );
  const event: ReadEvent = {
    type: read.allowed ? 'LedgerRead' : 'LedgerReadRefused',
    v: 1,
    data: { what: read.what, query },
  };
  const command = buildAppend(
    {
      stream: `read-${id}`,
      expected: -1,
      time: new Date().toISOString(),
      actor: {
        kind: 'caller',
        principal: caller.principal,
        issuer: caller.issuer,
        subject: caller.subject,
        client: caller.clientId,
      },
      correlation: id,
      causation: id,
      newId: randomUUID,
    },
    [{ event }],
  );
  return (await ledger.append(command)).position;
};
