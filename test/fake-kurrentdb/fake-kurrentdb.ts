import { randomUUID } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { type Certificate, makeCertificate } from '../setup/certificate.js';
import { type Access, createAccess } from './access.js';
import { appendHandler, batchAppendHandler } from './append-service.js';
import { deleteHandler, tombstoneHandler } from './delete-service.js';
import { createDoor } from './door.js';
import { createEventLog, type EventLog } from './event-log.js';
import { createFaults, type Faults } from './faults.js';
import { readHandler } from './read-service.js';
import { userHandlers } from './users-service.js';
import { service, uuidWire } from './wire.js';

export interface FakeKurrentDb {
  /** Connection string for the real client, without credentials. */
  readonly url: string;
  readonly access: Access;
  readonly log: EventLog;
  readonly faults: Faults;
  /** Breaks every open connection; new ones are served. */
  dropConnections(): void;
  /** Open connections stay open and nothing passes through them any more, as with a stopped process. */
  stall(): void;
  /** From now on connections are refused. The log stays. */
  stop(): Promise<void>;
  /** Serves the same log at the same address again. */
  start(): Promise<void>;
  dispose(): Promise<void>;
}

interface FakeOptions {
  /** `MaxAppendSize` of the server. Default 64 MiB. */
  readonly append_bytes_max?: number;
  /** False for a server before 21.10, which knows only one append a call. Default true. */
  readonly batch_append?: boolean;
  /** TLS, users and ACLs; `admin` has the password `changeit`. Default false: anybody may do anything. */
  readonly secure?: boolean;
}

const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;

/**
 * A server that speaks the gRPC protocol of EventStoreDB and KurrentDB (v1) on 127.0.0.1, for tests with the
 * real client. The log and the rules of appends are real, the disk is not: everything is in memory.
 */
export const startFakeKurrentDb = async (options: FakeOptions = {}): Promise<FakeKurrentDb> => {
  const log = createEventLog();
  const certificate = options.secure ? makeCertificate() : undefined;
  const access = createAccess(log, options.secure ?? false);
  const faults = createFaults();
  const door = createDoor();
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_send_message_length': -1,
  });
  const append = {
    log,
    access,
    faults,
    append_bytes_max: options.append_bytes_max ?? 64 * 1024 * 1024,
    port: door.port,
    dropConnections: door.dropConnections,
  };
  server.addService(service('streams.Streams'), {
    Append: appendHandler(append),
    BatchAppend: batchAppendHandler(append),
    Read: readHandler(log, access),
    Delete: deleteHandler(log, access),
    Tombstone: tombstoneHandler(log, access),
  });
  server.addService(service('users.Users'), userHandlers(access));
  server.addService(service('server_features.ServerFeatures'), {
    GetSupportedMethods: (_: unknown, answer: grpc.sendUnaryData<object>) =>
      answer(null, supported(options.batch_append ?? true)),
  });
  server.addService(service('gossip.Gossip'), {
    Read: (_: unknown, answer: grpc.sendUnaryData<object>) => answer(null, clusterOf(door.port())),
  });
  const inner_port = await bind(server, certificate);
  await door.open(inner_port);
  return {
    url: certificate
      ? `kurrentdb://127.0.0.1:${door.port()}?tls=true&tlsCaFile=${encodeURIComponent(certificate.ca_file)}`
      : `kurrentdb://127.0.0.1:${door.port()}?tls=false`,
    access,
    log,
    faults,
    dropConnections: door.dropConnections,
    stall: door.stall,
    stop: door.close,
    start: () => door.open(inner_port),
    dispose: async () => {
      await door.close();
      server.forceShutdown();
      certificate?.remove();
    },
  };
};

const bind = (server: grpc.Server, certificate: Certificate | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const credentials = certificate
      ? grpc.ServerCredentials.createSsl(null, [certificate.pair])
      : grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });

const supported = (batch_append: boolean): object => ({
  event_store_server_version: '24.10.0',
  methods: ['append', 'read', ...(batch_append ? ['batchappend'] : [])].map((method_name) => ({
    method_name,
    service_name: 'event_store.client.streams.streams',
    features: [],
  })),
});

/** A cluster of one, which leads. */
const clusterOf = (port: number): object => ({
  members: [
    {
      instance_id: uuidWire(randomUUID(), false),
      time_stamp: '17000000000000000',
      state: 'Leader',
      is_alive: true,
      http_end_point: { address: '127.0.0.1', port },
    },
  ],
});
