import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '#contracts/contract.js';
import { connectNats } from './nats-connection.js';
import { CONTRACTS, inboxPrefix, permissionsOf, SERVICES } from './permissions.js';

const DECIDE = 'countersign.policy.decide.v1';
const MASK = 'countersign.masking.mask.v1';
const APPEND = 'countersign.ledger.append.v1';

describe('permissions made from the contracts', () => {
  it('know the contracts of every file of libs/contracts', () => {
    const files = readdirSync(new URL('../../contracts/', import.meta.url))
      .filter((file) => /^[a-z-]+\.js$/.test(file) && file !== 'contract.js')
      .map((file) => file.replace('.js', ''));
    const subjects = new Set(CONTRACTS.map(({ subject }) => subject.split('.')[1]));
    expect([...subjects].sort()).toEqual(files.sort());
  });

  it('let a service publish exactly what it asks and subscribe to exactly what it answers', () => {
    for (const service of SERVICES) {
      const { publish, subscribe } = permissionsOf(service);
      const asks = CONTRACTS.filter(({ askedBy }) => askedBy.includes(service)).map(({ subject }) => subject);
      const answers = CONTRACTS.filter(({ answeredBy }) => answeredBy === service).map(
        ({ subject }) => subject,
      );
      expect(publish).toEqual(asks.length === 0 ? { deny: ['>'] } : { allow: asks.sort() });
      expect(subscribe).toEqual({ allow: [...answers, `_INBOX_${service}.>`].sort() });
    }
  });

  it('say "nothing" as a denial of everything, for an empty list allows everything', () => {
    expect(permissionsOf('masking', []).publish).toEqual({ deny: ['>'] });
  });
});

/** Where Debian puts it, besides PATH. */
const NATS = ['nats-server', '/usr/sbin/nats-server'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

describe.skipIf(NATS === undefined)('on a real nats-server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
  const connections: NatsConnection[] = [];
  let server: ChildProcess | undefined;
  let port = 0;

  const connectAs = async (
    user: Service | 'mute',
  ): Promise<{ connection: NatsConnection; refused: string[] }> => {
    const servers = [`nats://127.0.0.1:${port}`];
    const inbox = inboxPrefix(user === 'mute' ? 'masking' : user);
    const connection = await connectNats({ servers, name: `test-${user}`, user, password: user, inbox });
    connections.push(connection);
    const refused: string[] = [];
    void (async () => {
      for await (const status of connection.status())
        if (status.type === 'error') refused.push(String(status.error));
    })();
    return { connection, refused };
  };
  /** A refused subscription calls back with an error and no message. */
  const answering = (connection: NatsConnection, subject: string, text: string): void => {
    connection.subscribe(subject, {
      callback: (error, message) => void (error === null && message.respond(text)),
    });
  };
  const ask = async (connection: NatsConnection, subject: string): Promise<string> =>
    (await connection.request(subject, 'x', { timeout: 1_000 })).string();

  beforeAll(async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    port = (probe.address() as AddressInfo).port;
    await new Promise((resolve) => probe.close(resolve));
    const services = SERVICES.map((user) => ({
      user,
      password: user,
      permissions: permissionsOf(user),
    }));
    const mute = {
      user: 'mute',
      password: 'mute',
      permissions: permissionsOf('masking', [{ subject: MASK, answeredBy: 'masking', askedBy: [] }]),
    };
    const config = { listen: `127.0.0.1:${port}`, authorization: { users: [...services, mute] } };
    writeFileSync(join(folder, 'nats.conf'), JSON.stringify(config));
    server = spawn(NATS ?? '', ['--config', join(folder, 'nats.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const { stderr } = server;
    if (stderr === null) throw new Error('no output');
    await new Promise<void>((resolve) =>
      createInterface({ input: stderr }).on('line', (line) => line.includes('Server is ready') && resolve()),
    );
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    server?.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('a service asks and answers along its contracts', async () => {
    const policy = await connectAs('policy');
    const ingress = await connectAs('ingress');
    answering(policy.connection, DECIDE, 'decided');
    await policy.connection.flush();
    expect(await ask(ingress.connection, DECIDE)).toBe('decided');
    expect([...policy.refused, ...ingress.refused]).toEqual([]);
  });

  it('a service cannot answer in the place of another', async () => {
    const { connection, refused } = await connectAs('masking');
    answering(connection, DECIDE, 'forged');
    await connection.flush();
    await expect.poll(() => refused.join()).toContain(DECIDE);
  });

  it('a service cannot ask what no contract lets it ask', async () => {
    const ledger = await connectAs('ledger');
    answering(ledger.connection, APPEND, 'appended');
    await ledger.connection.flush();
    const masking = await connectAs('masking');
    expect(await ask(masking.connection, APPEND)).toBe('appended');
    await expect(ask(masking.connection, DECIDE)).rejects.toThrow();
    await expect.poll(() => masking.refused.join()).toContain(DECIDE);
  });

  it('one that asks nothing publishes nothing but its replies', async () => {
    const mute = await connectAs('mute');
    answering(mute.connection, MASK, 'masked');
    await mute.connection.flush();
    const ingress = await connectAs('ingress');
    expect(await ask(ingress.connection, MASK)).toBe('masked');
    mute.connection.publish('anything.at.all', 'x');
    await mute.connection.flush();
    await expect.poll(() => mute.refused.join()).toContain('anything.at.all');
  });
});
