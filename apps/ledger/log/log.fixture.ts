import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Alarm } from '#core/alarm/alarm.events.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { EventStore } from '#event-store/event-store.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { createSigner, ED25519 } from '#tlog/note-key.js';
import { openLogSigner } from './log-key.js';
import { MerkleLog, type MerkleLogOptions } from './merkle-log.js';
import { openQuorum } from './quorum.js';

export const ORIGIN = 'bank.example/countersign';
const NO_WITNESSES = { witnesses: [] } as unknown as Parameters<typeof openQuorum>[0];

/** A store and a key in a folder of their own; logs over it can be opened, closed and opened again. */
export interface LogScene {
  readonly folder: string;
  readonly file: string;
  readonly alarms: Alarm[];
  readonly signer: ReturnType<typeof createSigner>;
  store(): EventStore;
  /** Stores so many events, each in a stream of its own; answers their ids. */
  record(count: number): Promise<readonly string[]>;
  open(options?: Partial<MerkleLogOptions>): MerkleLog;
  closeStore(): Promise<void>;
  openStore(): Promise<void>;
  close(): Promise<void>;
}

export const openScene = async (): Promise<LogScene> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-log-'));
  const file = join(folder, 'events.db');
  const signer = createSigner(ORIGIN, ED25519, generateKeyPairSync('ed25519').privateKey);
  let store = await openSqliteEventStore({ file });
  let isOpen = true;
  const alarms: Alarm[] = [];
  const logs: MerkleLog[] = [];
  const closeStore = async (): Promise<void> => {
    for (const log of logs.splice(0)) await log.close();
    if (isOpen) await store.close();
    isOpen = false;
  };
  return {
    folder,
    file,
    alarms,
    signer,
    store: () => store,
    record: async (count) => {
      const commands = Array.from({ length: count }, () => refusal(randomUUID()));
      await Promise.all(commands.map(({ stream, events }) => store.append(stream, -1, events)));
      return commands.map(({ events }) => events[0]?.id ?? '');
    },
    open: (options) => {
      const log = new MerkleLog({
        store,
        folder: join(folder, 'log'),
        origin: ORIGIN,
        signer,
        quorum: openQuorum(NO_WITNESSES),
        checkpoint_every_ms: 100,
        heartbeat_every_ms: 60_000,
        self_check: { every_ms: 0, entries: 10_000 },
        logger: pino({ level: 'silent' }),
        raiseAlarm: async (alarm) => void alarms.push(alarm),
        ...options,
      });
      logs.push(log);
      log.start();
      return log;
    },
    closeStore,
    openStore: async () => {
      store = await openSqliteEventStore({ file });
      isOpen = true;
    },
    close: async () => {
      await closeStore();
      await rm(folder, { recursive: true });
    },
  };
};

export const refusalOf = () => refusal(randomUUID());

const refusal = (id: string) =>
  buildAppend(
    {
      stream: `refusal-${id}`,
      expected: -1,
      time: '2026-11-22T12:00:00.000Z',
      actor: { kind: 'service', service: 'test', instance: 't' },
      correlation: id,
      causation: id,
      newId: randomUUID,
    },
    [{ event: { type: 'RequestRefused', v: 1, data: { code: 'token_missing', where: 'rest', about: {} } } }],
  );

/** Reads a whole store. */
export const allEvents = async (store: EventStore) => {
  const events = [];
  for (let after: bigint | undefined; ; ) {
    const page = await store.readAll({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    if (page.scannedTo === undefined || page.scannedTo === after) return events;
    events.push(...page.events);
    after = page.scannedTo;
  }
};

/** A log that keeps its key in the folder, so that other processes can go on with it. */
export const openFixtureLog = async (
  folder: string,
  store: EventStore,
  options: Partial<MerkleLogOptions>,
): Promise<MerkleLog> => {
  const config = { data_dir: folder, log: {} } as unknown as Parameters<typeof openLogSigner>[0];
  return new MerkleLog({
    store,
    folder: join(folder, 'log'),
    origin: ORIGIN,
    signer: await openLogSigner(config, ORIGIN),
    quorum: openQuorum(NO_WITNESSES),
    checkpoint_every_ms: 100,
    heartbeat_every_ms: 60_000,
    self_check: { every_ms: 0, entries: 10_000 },
    logger: pino({ level: 'silent' }),
    raiseAlarm: async () => undefined,
    ...options,
  });
};
