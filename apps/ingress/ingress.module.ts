import { hkdfSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { type Config, type UpstreamConfig } from '#config/config.schema.js';
import { readSecret, searchPath } from '#config/load-config.js';
import { ledgerHeartbeat } from '#contracts/ledger.js';
import { maskingSealingKey } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import type { OriginCheck } from '#http/check-origin.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { ORIGIN_CHECK, RESOURCE_SERVER, REST_AUDIENCE } from '#http/rest-caller.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { openUpstream } from '#mcp/upstream/upstream.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';
import { loadOrCreateSecret } from '#sealing/file-secret.js';
import { createSealer, type Sealer } from '#sealing/sealer.js';
import { Catalog } from './catalog.js';
import type { Gateway } from './gateway.js';
import { InFlight } from './in-flight.js';
import { LateRecords } from './late-records.js';
import { Listeners } from './listeners.js';
import { LogLevels } from './log-levels.js';
import { EndedSessions } from './mcp/ended-sessions.js';
import { EventStreams } from './mcp/event-streams.js';
import { GATEWAY_INFO } from './mcp/gateway-info.js';
import { OpenQuestions } from './mcp/open-questions.js';
import { ParkedCalls } from './mcp/parked-calls.js';
import { mcpRoutes } from './mcp/routes.js';
import { UpstreamAuthModule } from './upstream-auth/upstream-auth.module.js';

const HEARTBEAT_MS = 2_000;
const KEY_RETRY_MS = 500;
/** So that a dead upstream is refused within the 2 s of promise G3. */
const CONNECT_WAIT_MS = 1_200;

@Module({ imports: [UpstreamAuthModule] })
export class IngressModule implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private gateway: Gateway | undefined;
  private sealer: Sealer | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private keyRetry: NodeJS.Timeout | undefined;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(RESOURCE_SERVER) private readonly resourceServer: ResourceServer,
    @Inject(ORIGIN_CHECK) private readonly checkOrigin: OriginCheck,
    @Inject(REST_AUDIENCE) private readonly publicUrl: () => string,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {}

  async onModuleInit(): Promise<void> {
    const { config, logger } = this;
    const secret = await loadOrCreateSecret(join(config.data_dir, 'keys', 'gateway.secret'));
    const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
    const catalog = new Catalog(
      config.upstreams.map((upstream) => ({
        name: upstream.name,
        timeout_ms: upstream.timeout_ms,
        upstream: connect(upstream, logger),
      })),
      logger,
    );
    this.gateway = {
      bus: this.bus,
      config,
      logger,
      resourceServer: this.resourceServer,
      checkOrigin: this.checkOrigin,
      catalog,
      sealer: () => {
        if (this.sealer === undefined)
          throw new CountersignError('masking_unavailable', 'no sealing key yet');
        return this.sealer;
      },
      sessions: { current: 'k1', keys: new Map([['k1', derive('session')]]) },
      callSecret: derive('call'),
      inFlight: new InFlight(config.limits.calls_in_flight_max),
      late: new LateRecords(logger),
      listeners: new Listeners(catalog),
      questions: new OpenQuestions(),
      parked: new ParkedCalls(),
      streams: new EventStreams(),
      logLevels: new LogLevels(),
      endedSessions: new EndedSessions(),
      instance: randomUUID(),
      publicUrl: this.publicUrl,
      now: () => new Date(),
    };
    mcpRoutes(this.http.httpAdapter.getInstance<FastifyInstance>(), () => this.required());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.fetchSealingKey();
    const beat = () => {
      // The ledger being away is seen by every call; here it only delays the next sign of life.
      void this.bus.request(ledgerHeartbeat, { instance: this.required().instance }).catch(() => undefined);
    };
    beat();
    this.heartbeat = setInterval(beat, HEARTBEAT_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.heartbeat);
    clearTimeout(this.keyRetry);
    this.gateway?.late.stop();
    this.gateway?.listeners.close();
    await this.gateway?.catalog.close();
  }

  private required(): Gateway {
    if (this.gateway === undefined) throw new Error('the ingress is not initialised');
    return this.gateway;
  }

  private async fetchSealingKey(): Promise<void> {
    try {
      const { kid, publicKey } = await this.bus.request(maskingSealingKey, {});
      this.sealer = await createSealer(kid, publicKey);
    } catch {
      this.keyRetry = setTimeout(() => void this.fetchSealingKey(), KEY_RETRY_MS);
    }
  }
}

const connect = (upstream: UpstreamConfig, logger: Logger): Upstream => {
  const { name, era } = upstream;
  const client = { name: GATEWAY_INFO.name, version: GATEWAY_INFO.version };
  const common = {
    name,
    client,
    era,
    limits: { connect_wait_ms: CONNECT_WAIT_MS },
    serverRequests: upstream.server_requests,
    onWarning: (text: string) => logger.warn({ server: name }, text),
  };
  if (upstream.transport !== 'stdio') {
    const headers = Object.fromEntries(
      Object.entries(upstream.headers).map(([header, reference]) => [header, readSecret(reference)]),
    );
    const { transport, url } = upstream;
    return openUpstream({ ...common, transport: { kind: transport, url, headers } });
  }
  const env = Object.fromEntries(
    Object.entries(upstream.env).map(([variable, value]) => [
      variable,
      typeof value === 'string' ? value : readSecret(value),
    ]),
  );
  return openUpstream({
    ...common,
    transport: {
      kind: 'stdio',
      command: upstream.command === 'node' ? process.execPath : upstream.command,
      args: upstream.args,
      env: { PATH: searchPath(), ...env },
      ...(upstream.cwd === undefined ? {} : { cwd: upstream.cwd }),
      onLog: (line) => logger.info({ server: name, line }, 'the upstream wrote'),
    },
  });
};
