import { type Actor, type DomainEvent, entryText } from './entry.js';

export interface EventToRecord {
  readonly event: DomainEvent;
  /** Sealed payload or plain attachment that travels in the same append. */
  readonly attachment?: Uint8Array;
}

export interface AppendContext {
  readonly stream: string;
  /** Revision of the stream's last event, -1 for a new stream. */
  readonly expected: number;
  readonly time: string;
  readonly actor: Actor;
  readonly correlation: string;
  readonly causation: string;
  readonly newId: () => string;
}

export interface AppendCommand {
  readonly stream: string;
  readonly expected: number;
  readonly events: {
    readonly id: string;
    readonly type: string;
    readonly entry: Uint8Array;
    readonly attachment?: Uint8Array;
  }[];
}

const encoder = new TextEncoder();

/** Turns domain events into one atomic append; revisions follow from `expected`, each event is caused by the one before. */
export const buildAppend = (context: AppendContext, events: readonly EventToRecord[]): AppendCommand => {
  let causation = context.causation;
  return {
    stream: context.stream,
    expected: context.expected,
    events: events.map(({ event, attachment }, index) => {
      const id = context.newId();
      const text = entryText(event, {
        id,
        stream: context.stream,
        revision: context.expected + 1 + index,
        time: context.time,
        actor: context.actor,
        correlation: context.correlation,
        causation,
      });
      causation = id;
      const entry = encoder.encode(text);
      return { id, type: event.type, entry, ...(attachment === undefined ? {} : { attachment }) };
    }),
  };
};
