import type { Decision } from '#core/policy/policy.types.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';

/** What the checks of a call need from its earlier events; each is the last one before the event that is checked. */
export interface CallContext {
  readonly requested: StoredEvent | undefined;
  readonly decided: { readonly stored: StoredEvent; again?: Promise<Decision> } | undefined;
  readonly returned: StoredEvent | undefined;
}

type Member = keyof CallContext;
const MEMBERS: { readonly [type: string]: Member } = {
  CallRequested: 'requested',
  CallDecided: 'decided',
  CallReturned: 'returned',
};
const NO_CONTEXT: CallContext = { requested: undefined, decided: undefined, returned: undefined };

const CONTEXTS_MAX = 2_000;
const CONTEXT_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Earlier events of calls that go on, so that a run reads nearly nothing twice. What does not fit is forgotten, the
 * longest unused first, and read again from its stream when it is needed.
 */
export class CallContexts {
  private readonly contexts = new Map<string, { readonly context: CallContext; readonly bytes: number }>();
  private bytes = 0;

  constructor(private readonly store: EventStore) {}

  note(stored: StoredEvent): void {
    if (MEMBERS[stored.type] === undefined) return;
    this.keep(stored.stream, withEvent(this.contexts.get(stored.stream)?.context ?? NO_CONTEXT, stored));
  }

  /** As noted so far. A member may be missing only because it was forgotten, or lies before the run. */
  now(stream: string): CallContext {
    return this.contexts.get(stream)?.context ?? NO_CONTEXT;
  }

  /** From the stream itself: all there is before an event. */
  async before({ stream, revision }: StoredEvent): Promise<CallContext> {
    return contextOf((await this.store.readStream(stream)).filter((event) => event.revision < revision));
  }

  forget(stream: string): void {
    this.bytes -= this.contexts.get(stream)?.bytes ?? 0;
    this.contexts.delete(stream);
  }

  private keep(stream: string, context: CallContext): void {
    this.forget(stream);
    const bytes = bytesOf(context);
    this.contexts.set(stream, { context, bytes });
    this.bytes += bytes;
    while (this.contexts.size > CONTEXTS_MAX || (this.bytes > CONTEXT_BYTES_MAX && this.contexts.size > 1))
      this.forget(this.contexts.keys().next().value as string);
  }
}

const contextOf = (events: readonly StoredEvent[]): CallContext =>
  events.filter(({ type }) => MEMBERS[type] !== undefined).reduce(withEvent, NO_CONTEXT);

const withEvent = (context: CallContext, stored: StoredEvent): CallContext => {
  const member = MEMBERS[stored.type] as Member;
  const own = copy(stored);
  return { ...context, [member]: member === 'decided' ? { stored: own } : own };
};

/** The events of a page share one piece of memory, as small Buffers do, which a single kept event would keep whole. */
const copy = ({ entry, attachment, ...rest }: StoredEvent): StoredEvent => ({
  ...rest,
  entry: new Uint8Array(entry),
  ...(attachment === undefined ? {} : { attachment: new Uint8Array(attachment) }),
});

const bytesOf = ({ requested, decided, returned }: CallContext): number =>
  [requested, decided?.stored, returned].reduce(
    (sum, event) => sum + (event === undefined ? 0 : event.entry.length + (event.attachment?.length ?? 0)),
    0,
  );
