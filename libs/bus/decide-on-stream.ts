import { randomUUID } from 'node:crypto';
import { ledgerAppend, ledgerReadStream } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import type { Actor, Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Bus } from './bus.js';

const CONFLICT_RETRIES = 5;

type AnyEvent = { readonly type: string };

/** One stream, how its events fold into a state, and what is decided on that state. */
export interface StreamDecision<State, Event extends AnyEvent> {
  readonly stream: string;
  readonly initial: State;
  readonly evolve: (state: State, event: Event) => State;
  /** Pure: it may be asked more than once. No events: nothing is appended. `now` is the time that is recorded with them. */
  readonly decide: (state: State, now: string) => readonly Event[];
  readonly actor: Actor;
  /** The call or other unit of work the events belong to. */
  readonly correlation: (state: State) => string;
  readonly causation: string;
  /** What travels beside an event in the same append. */
  readonly attachmentOf?: (event: Event) => Uint8Array | undefined;
}

export interface StoredEntry {
  readonly entry: Entry;
  readonly attachment: Uint8Array | undefined;
}

export interface Decided<State> {
  /** With what was appended. */
  readonly state: State;
  /** The whole stream, the new entries last. */
  readonly entries: readonly StoredEntry[];
}

/**
 * Read the stream, decide, append at the revision that was read; somebody else's append first means once more. Durable once
 * this returns.
 * @throws CountersignError of `decide`; event_unknown; ledger_unavailable; revision_conflict when others are always first
 */
export const decideOnStream = async <State, Event extends AnyEvent>(
  bus: Bus,
  decision: StreamDecision<State, Event>,
): Promise<Decided<State>> => {
  for (let attempt = 0; ; attempt++) {
    const { state, entries } = await readState(bus, decision);
    const now = new Date().toISOString();
    const events = decision.decide(state, now);
    if (events.length === 0) return { state, entries };
    try {
      const appended = await append(bus, decision, { state, entries }, events, now);
      return { state: events.reduce(decision.evolve, state), entries: [...entries, ...appended] };
    } catch (error) {
      const lostRace = error instanceof CountersignError && error.code === 'revision_conflict';
      if (!lostRace || attempt >= CONFLICT_RETRIES) throw error;
    }
  }
};

/** The state of a stream as the ledger has it. @throws CountersignError event_unknown, ledger_unavailable */
export const readState = async <State, Event extends AnyEvent>(
  bus: Bus,
  {
    stream,
    initial,
    evolve,
    attachmentsOf,
  }: Pick<StreamDecision<State, Event>, 'stream' | 'initial' | 'evolve'> & {
    /** Of which types attachments are needed; all, unless it says. */
    readonly attachmentsOf?: Event['type'][];
  },
): Promise<Decided<State>> => {
  const { events } = await bus.request(ledgerReadStream, {
    stream,
    ...(attachmentsOf && { attachmentsOf }),
  });
  const entries = events.map(({ entry, attachment }) => ({ entry: readEntry(entry), attachment }));
  return {
    state: entries.reduce((state, { entry }) => evolve(state, asEvent<Event>(entry)), initial),
    entries,
  };
};

const append = async <State, Event extends AnyEvent>(
  bus: Bus,
  { stream, actor, correlation, causation, attachmentOf }: StreamDecision<State, Event>,
  { state, entries }: Decided<State>,
  events: readonly Event[],
  time: string,
): Promise<readonly StoredEntry[]> => {
  const toRecord = events.map((event): EventToRecord => {
    const attachment = attachmentOf?.(event);
    const recorded = event as unknown as EventToRecord['event'];
    return attachment === undefined ? { event: recorded } : { event: recorded, attachment };
  });
  const command = buildAppend(
    {
      stream,
      expected: entries.length - 1,
      time,
      actor,
      correlation: correlation(state),
      causation,
      newId: randomUUID,
    },
    toRecord,
  );
  await bus.request(ledgerAppend, command);
  return command.events.map(({ entry, attachment }) => ({ entry: readEntry(entry), attachment }));
};
