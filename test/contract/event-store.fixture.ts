import type { EventStore } from '#event-store/event-store.js';

/** `lost`: the append fails and nothing was written. `persisted`: it fails although it was written. */
export type AppendFault = 'lost' | 'persisted';

/** One store with its data, which adapters can be opened on again and again. */
export interface EventStoreFixture {
  open(): Promise<EventStore>;
  /** The next append that is written ends in an unknown outcome. Undefined where the store cannot be made to fail. */
  readonly failNextAppend?: (fault: AppendFault) => Promise<void>;
  /** Stops the store under the open adapters and starts it again with the same data. */
  readonly restart?: () => Promise<void>;
  dispose(): Promise<void>;
}
