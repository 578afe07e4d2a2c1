import { randomUUID } from 'node:crypto';
import type { Bus } from '#bus/bus.js';
import { ledgerAppend } from '#contracts/ledger.js';
import type { ErrorCode } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Actor } from '#core/evidence/entry.js';
import type { Caller } from '#identity/caller.js';

export interface Refusal {
  readonly code: ErrorCode;
  /** Which door, for example "mcp/core-banking" or "approvals". */
  readonly where: string;
  /** Known only after authentication. */
  readonly caller?: Caller;
  /** Method names, ids and reasons; never tokens, arguments or header values. */
  readonly about: JsonObject;
}

export const callerActor = ({ principal, issuer, subject, clientId }: Caller): Actor => ({
  client: clientId,
  issuer,
  kind: 'caller',
  principal,
  subject,
});

/** Records a request that was refused before it became a call or a vote (promise G6). @throws CountersignError ledger_* */
export const recordRefusal = async (
  bus: Bus,
  instance: string,
  { code, where, caller, about }: Refusal,
): Promise<void> => {
  const id = randomUUID();
  const command = buildAppend(
    {
      stream: `refusal-${id}`,
      expected: -1,
      time: new Date().toISOString(),
      actor:
        caller === undefined
          ? { kind: 'service', service: where.split('/')[0] ?? where, instance }
          : callerActor(caller),
      correlation: id,
      causation: id,
      newId: randomUUID,
    },
    [{ event: { type: 'RequestRefused', v: 1, data: { code, where, about } } }],
  );
  await bus.request(ledgerAppend, command);
};
