import { randomUUID } from 'node:crypto';
import type { Bus } from '#bus/bus.js';
import { ledgerAppend } from '#contracts/ledger.js';
import type { RequestRefused } from '#core/call/refusal.events.js';
import { CountersignError, type ErrorCode } from '#core/errors.js';
import { type AppendCommand, buildAppend } from '#core/evidence/build-append.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Actor } from '#core/evidence/entry.js';
import type { Caller } from '#identity/caller.js';
import { createRefusalFlood, type RefusalFlood } from './refusal-flood.js';

export interface Refusal {
  readonly code: ErrorCode;
  /** Which door, for example "mcp/core-banking" or "approvals"; from a closed list, never what a stranger wrote. */
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

const COUNT_EVERY_MS = 1_000;

interface Counting {
  readonly flood: RefusalFlood;
  readonly instance: string;
  /** What is being recorded. The same command is sent until it is on record, so that a late answer counts nothing twice. */
  unrecorded: readonly AppendCommand[];
  timer: NodeJS.Timeout | undefined;
}

/** One for each bus of the process: every door of a process shares the limit. */
const countings = new WeakMap<Bus, Counting>();

/**
 * Records a request that was refused before it became a call or a vote (promise G6). Without a caller only the first of
 * a second get an event of their own; the others are answered at once and recorded together within a second or so, as
 * one event with their exact count. A process killed in that second loses that count, and nothing else.
 * @throws CountersignError ledger_*
 */
export const recordRefusal = async (bus: Bus, instance: string, refusal: Refusal): Promise<void> => {
  const { code, where, caller } = refusal;
  if (caller === undefined) {
    const counting = countingOf(bus, instance);
    if (!counting.flood.admit(code, where, Date.now())) {
      recordSoon(bus, counting);
      return;
    }
  }
  await bus.request(ledgerAppend, refusalCommand(instance, refusal));
};

/** Does `act`; what it refuses is on record before it is answered (promise G6). @throws CountersignError of `act`, ledger_* */
export const recordingRefusals = async <Answer>(
  bus: Bus,
  instance: string,
  refusal: Omit<Refusal, 'code'>,
  act: () => Promise<Answer>,
): Promise<Answer> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CountersignError)
      await recordRefusal(bus, instance, { ...refusal, code: error.code });
    throw error;
  }
};

/** Records what is counted so far; for the end of the process. Never rejects: what could not be recorded stays counted. */
export const flushRefusals = async (bus: Bus): Promise<void> => {
  const counting = countings.get(bus);
  if (counting === undefined) return;
  clearTimeout(counting.timer);
  counting.timer = undefined;
  const { flood, instance } = counting;
  // New counts wait while older ones are unrecorded: they go on growing in memory, and not the list.
  if (counting.unrecorded.length === 0) {
    counting.unrecorded = flood.take().map(({ code, where, ...about }) =>
      // Counted codes come from recordRefusal alone.
      refusalCommand(instance, { code: code as ErrorCode, where, about }),
    );
  }
  const left = await Promise.all(counting.unrecorded.map((command) => isUnrecorded(bus, command)));
  counting.unrecorded = counting.unrecorded.filter((_, index) => left[index]);
};

const isUnrecorded = (bus: Bus, command: AppendCommand): Promise<boolean> =>
  bus.request(ledgerAppend, command).then(
    () => false,
    // A stream of its own that exists already: an earlier attempt was recorded after all.
    (error: unknown) => !(error instanceof CountersignError && error.code === 'revision_conflict'),
  );

const countingOf = (bus: Bus, instance: string): Counting => {
  const known = countings.get(bus);
  if (known !== undefined) return known;
  const created: Counting = { flood: createRefusalFlood(), instance, unrecorded: [], timer: undefined };
  countings.set(bus, created);
  return created;
};

const recordSoon = (bus: Bus, counting: Counting): void => {
  counting.timer ??= setTimeout(async () => {
    await flushRefusals(bus);
    if (counting.flood.hasCounted() || counting.unrecorded.length > 0) recordSoon(bus, counting);
  }, COUNT_EVERY_MS).unref();
};

const refusalCommand = (instance: string, { code, where, caller, about }: Refusal): AppendCommand => {
  const id = randomUUID();
  const event: RequestRefused = { type: 'RequestRefused', v: 1, data: { code, where, about } };
  return buildAppend(
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
    [{ event }],
  );
};
