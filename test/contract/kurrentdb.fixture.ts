import { openKurrentEventStore } from '#event-store/kurrentdb/open-kurrent-event-store.js';
import { startFakeKurrentDb } from '../fake-kurrentdb/fake-kurrentdb.js';
import type { EventStoreFixture } from './event-store.fixture.js';

/** Long: these tests are about order and copies, kurrentdb-faults.spec.ts is about answers that do not come. */
const DEADLINES = { append_deadline_ms: 10_000, read_deadline_ms: 10_000 };

export const fakeKurrentDbFixture = async (): Promise<EventStoreFixture> => {
  const server = await startFakeKurrentDb();
  return {
    open: () => openKurrentEventStore({ url: server.url, ...DEADLINES }),
    failNextAppend: async (fault) => server.faults.order(`drop_${fault}`),
    restart: async () => {
      await server.stop();
      await server.start();
    },
    dispose: server.dispose,
  };
};

/** A server that runs somewhere; it is not ours to stop or to break. */
export const realKurrentDbFixture = async (url: string): Promise<EventStoreFixture> => ({
  open: () => openKurrentEventStore({ url, ...DEADLINES }),
  dispose: async () => undefined,
});
