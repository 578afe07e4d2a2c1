import { randomUUID } from 'node:crypto';
import type { Bus } from '#bus/bus.js';
import { ledgerAppend } from '#contracts/ledger.js';
import type { PageSessionEnded } from '#core/approval/page-session.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { callerActor } from '#http/record-refusal.js';
import type { Caller } from '#identity/caller.js';
import type { Session } from './sessions.js';

/** On record once, whichever replica somebody signs out at. @throws CountersignError ledger_* */
export const recordSignOut = async (bus: Bus, { id, until_s }: Session, caller: Caller): Promise<void> => {
  const data = { expiresAt: new Date(until_s * 1_000).toISOString() };
  const event: PageSessionEnded = { type: 'PageSessionEnded', v: 1, data };
  const context = {
    ...{ stream: `session-${id}`, expected: -1, time: new Date().toISOString() },
    ...{ actor: callerActor(caller), correlation: id, causation: id, newId: randomUUID },
  };
  await bus.request(ledgerAppend, buildAppend(context, [{ event }])).catch((error: unknown) => {
    if (!(error instanceof CountersignError && error.code === 'revision_conflict')) throw error;
  });
};
