import { openKurrentEventStore } from '#event-store/kurrentdb/open-kurrent-event-store.js';
import { startFakeKurrentDb } from '../fake-kurrentdb/fake-kurrentdb.js';
import type { EventStoreFixture } from './event-store.fixture.js';

/** Short, so that the tests of unknown outcomes do not wait long for an answer that never comes. */
const APPEND_DEADLINE_MS = 1_200;

export const fakeKurrentDbFixture = async (): Promise<EventStoreFixture> => {
  const server = await startFakeKurrentDb();
  return {
    open: () => openKurrentEventStore({ url: server.url, append_deadline_ms: APPEND_DEADLINE_MS }),
    failNextAppend: async (fault) => server.faults.order(`no_answer_${fault}`),
    restart: async () => {
      await server.stop();
      await server.start();
    },
    dispose: server.dispose,
  };
};

/** A server that runs somewhere; it is not ours to stop or to break. */
export const realKurrentDbFixture = async (url: string): Promise<EventStoreFixture> => ({
  open: () => openKurrentEventStore({ url, append_deadline_ms: 10_000, read_deadline_ms: 10_000 }),
  dispose: async () => undefined,
});
