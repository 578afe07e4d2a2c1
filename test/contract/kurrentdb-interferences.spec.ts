import { KurrentDBClient as Client, jsonEvent, type KurrentDBClient } from '@kurrent/kurrentdb-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventStore, Interference } from '#event-store/event-store.js';
import { allAccess, defaultAccess } from '#event-store/kurrentdb/access.js';
import { openKurrentEventStore } from '#event-store/kurrentdb/open-kurrent-event-store.js';
import { type FakeKurrentDb, startFakeKurrentDb } from '../fake-kurrentdb/fake-kurrentdb.js';
import { eventOf, newStream } from './event-store.samples.js';

let server: FakeKurrentDb;
let store: EventStore;
let owner: KurrentDBClient;
let told: Interference[];
let stop: AbortController;
let watching: Promise<void>;

beforeEach(async () => {
  server = await startFakeKurrentDb();
  store = await openKurrentEventStore({ url: server.url });
  owner = Client.connectionString(server.url);
  told = [];
  stop = new AbortController();
  for (const stream of ['call-1', 'call-2']) await store.append(stream, -1, [eventOf('Recorded')]);
});
afterEach(async () => {
  stop.abort();
  await watching;
  await Promise.all([store.close(), owner.dispose()]);
  await server.dispose();
});

const watch = (): void => {
  watching = store.watchInterferences(stop.signal, (interference) => told.push(interference));
};
const kinds = () => told.map(({ kind, about }) => `${kind} ${about['stream']}`);
const write = (stream: string, type: string, data: object) =>
  owner.appendToStream(stream, jsonEvent({ type, data: data as Record<string, string> }));

describe('a watched KurrentDB server', () => {
  it('tells what its owner does to the events, whatever way it is done', async () => {
    watch();
    await owner.setStreamMetadata('call-1', { maxAge: 60 });
    await owner.setStreamMetadata('call-1', { maxCount: 1 });
    await owner.setStreamMetadata('call-1', { truncateBefore: 1 });
    await owner.setStreamMetadata('call-1', { note: 'only this' });
    await owner.deleteStream('call-1');
    await owner.tombstoneStream('call-2');
    server.log.system('$scavenges-1', '$scavengeStarted');
    await write('$settings', 'anything', { $userStreamAcl: { $d: '$all' } });
    await write('$$$all', '$metadata', { $maxCount: 1 });
    await vi.waitFor(() => expect(told).toHaveLength(9), 30_000);
    expect(kinds().toSorted()).toEqual(
      [
        'retention_set $$call-1',
        'retention_set $$call-1',
        'retention_set $$call-1',
        'metadata_written $$call-1',
        'stream_deleted $$call-1',
        'stream_deleted call-2',
        'scavenged $scavenges-1',
        'settings_changed $settings',
        'settings_changed $$$all',
      ].toSorted(),
    );
  });

  it('tells at a start what was done while nobody watched', async () => {
    await owner.tombstoneStream('call-2');
    watch();
    await vi.waitFor(() => expect(kinds()).toEqual(['stream_deleted call-2']), 30_000);
  });

  it('says nothing about our own set-up, or about what the server keeps for itself', async () => {
    await write('$settings', '$settings', defaultAccess('countersign'));
    await write('$$$all', '$metadata', allAccess('countersign'));
    await owner.setStreamMetadata('$stats-127.0.0.1:2113', { maxAge: 86_400 });
    watch();
    await owner.tombstoneStream('call-2');
    await vi.waitFor(() => expect(told).not.toHaveLength(0), 30_000);
    expect(kinds()).toEqual(['stream_deleted call-2']);
  });

  it('goes on after a broken connection', async () => {
    watch();
    await owner.tombstoneStream('call-1');
    await vi.waitFor(() => expect(told).toHaveLength(1), 30_000);
    await server.stop();
    await server.start();
    server.log.tombstone('call-2');
    await vi.waitFor(() => expect(kinds()).toContain('stream_deleted call-2'), 30_000);
  });
});

const { EVENT_STORE_URL: url } = process.env;

describe.skipIf(url === undefined)(
  `a watched KurrentDB server, a real one${url === undefined ? ' (skipped: EVENT_STORE_URL is not set)' : ''}`,
  () => {
    it('tells that a stream was hidden, deleted and tombstoned', async () => {
      const real = await openKurrentEventStore({ url: url ?? '' });
      const client = Client.connectionString(url ?? '');
      const stream = newStream();
      const found: string[] = [];
      const ending = new AbortController();
      const looking = real.watchInterferences(ending.signal, ({ kind, about }) => {
        if (String(about['stream']).endsWith(stream)) found.push(kind);
      });
      await real.append(stream, -1, [eventOf('Recorded')]);
      await client.setStreamMetadata(stream, { maxCount: 1 });
      await client.deleteStream(stream);
      await client.tombstoneStream(stream);
      await vi.waitFor(() => expect(found).toContain('stream_deleted'), 30_000);
      expect(found[0]).toBe('retention_set');
      ending.abort();
      await looking;
      await Promise.all([real.close(), client.dispose()]);
    });
  },
);
