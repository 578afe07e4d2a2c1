import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { openKurrentEventStore } from './open-kurrent-event-store.js';

const isClientLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('kurrentdb-client'));

describe('openKurrentEventStore', () => {
  it('loads the client only when such a store is opened', async () => {
    expect(isClientLoaded()).toBe(false);
    const store = await openKurrentEventStore({ url: 'kurrentdb://127.0.0.1:9?tls=false' });
    expect(isClientLoaded()).toBe(true);
    await store.close();
  });

  it('refuses a connection string that is none', async () => {
    await expect(openKurrentEventStore({ url: 'nats://127.0.0.1' })).rejects.toThrow(/kurrentdb:/);
  });
});
