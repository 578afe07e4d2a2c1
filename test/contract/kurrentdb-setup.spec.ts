import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKurrentEventStore } from '#event-store/kurrentdb/open-kurrent-event-store.js';
import { type SetupStep, setUpKurrentDb } from '#event-store/kurrentdb/setup-kurrentdb.js';
import { type FakeKurrentDb, startFakeKurrentDb } from '../fake-kurrentdb/fake-kurrentdb.js';
import { eventOf, newStream } from './event-store.samples.js';

const ADMIN = { username: 'admin', password: 'a much better one' };
const LEDGER = { username: 'countersign', password: 'p:ss w@rd' };

let server: FakeKurrentDb;
const setUp = (checkOnly: boolean, ledger = LEDGER) =>
  setUpKurrentDb({ url: server.url, admin: ADMIN, ledger, checkOnly });
const statesOf = (steps: readonly SetupStep[]) => [...new Set(steps.map(({ state }) => state))];
const openAs = (credentials: typeof ADMIN) => openKurrentEventStore({ url: server.url, credentials });

describe('setting up a KurrentDB server', () => {
  beforeAll(async () => {
    server = await startFakeKurrentDb({ secure: true });
    const admin = server.access.users.get('admin');
    if (admin) admin.password = ADMIN.password;
  });
  afterAll(() => server.dispose());

  it('a check of a fresh server names every difference and writes nothing', async () => {
    const before = server.log.all.length;
    const differing = (await setUp(true)).filter(({ state }) => state === 'differs').map(({ what }) => what);
    expect(differing).toEqual([
      'user countersign',
      'password of countersign',
      'default access',
      'access to $all',
      'the ledger can follow the log',
    ]);
    expect(server.log.all).toHaveLength(before);
    expect(server.access.users.has('countersign')).toBe(false);
  });

  it('makes all of it so, and run again writes nothing', async () => {
    expect(statesOf(await setUp(false))).not.toContain('differs');
    const before = server.log.all.length;
    expect(statesOf(await setUp(false))).toEqual(['fine']);
    expect(statesOf(await setUp(true))).toEqual(['fine']);
    expect(server.log.all).toHaveLength(before);
  });

  it('leaves the ledger able to append and read, and unable to delete, to write metadata or to change the rules', async () => {
    const store = await openAs(LEDGER);
    const stream = newStream();
    await store.append(stream, -1, [eventOf('Recorded')]);
    expect(await store.readStream(stream)).toHaveLength(1);
    expect((await store.readAll({ limit: 10 })).events.at(-1)?.stream).toBe(stream);
    await store.close();
    const client = KurrentDBClient.connectionString(server.url);
    client.setCredentialsProvider(async () => LEDGER);
    const refused = expect.objectContaining({ type: 'access-denied' });
    await expect(client.deleteStream(stream)).rejects.toEqual(refused);
    await expect(client.tombstoneStream(stream)).rejects.toEqual(refused);
    await expect(client.setStreamMetadata(stream, { maxCount: 1 })).rejects.toEqual(refused);
    await expect(client.setStreamMetadata('$all', { acl: { readRoles: ['$all'] } })).rejects.toEqual(refused);
    await client.dispose();
  });

  it('gives nothing to other users', async () => {
    server.access.users.set('other', { password: 'other', groups: [], disabled: false });
    const store = await openAs({ username: 'other', password: 'other' });
    await expect(store.append(newStream(), -1, [eventOf('Forged')])).rejects.toThrow(/no permission/);
    await expect(store.readAll({ limit: 1 })).rejects.toThrow();
    await store.close();
  });

  it('finds and repairs a password that is not the one given, and names a user with too much power', async () => {
    const rotated = { ...LEDGER, password: 'the next one' };
    expect((await setUp(true, rotated)).find(({ state }) => state === 'differs')?.what).toBe(
      'password of countersign',
    );
    await setUp(false, rotated);
    expect(statesOf(await setUp(true, rotated))).toEqual(['fine']);
    server.access.users.set('mighty', { password: 'm', groups: ['$admins'], disabled: false });
    const steps = await setUp(false, { username: 'mighty', password: 'm' });
    expect(steps.find(({ what }) => what === 'user mighty')?.detail).toMatch(/\$admins may do anything/);
  });

  it('a wrong administrator password ends it before anything is written', async () => {
    const wrong = { ...ADMIN, password: 'wrong' };
    await expect(
      setUpKurrentDb({ url: server.url, admin: wrong, ledger: LEDGER, checkOnly: false }),
    ).rejects.toThrow();
  });

  it('says that a server without TLS protects nothing', async () => {
    const open = await startFakeKurrentDb();
    const [first] = await setUpKurrentDb({ url: open.url, admin: ADMIN, ledger: LEDGER, checkOnly: true });
    expect(first).toMatchObject({ what: 'authentication', state: 'differs' });
    await open.dispose();
  });
});
