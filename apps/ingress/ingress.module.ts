import { hkdfSync } from 'node:crypto';
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
import type { Config } from '#config/config.schema.js';
import type { ConfigWatch } from '#config/watch-config.js';
import { ledgerHeartbeat } from '#contracts/ledger.js';
import { maskingSealingKey } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import type { OriginCheck } from '#http/check-origin.js';
import { CONFIG, CONFIG_WATCH, LOGGER } from '#http/platform.module.js';
import { ORIGIN_CHECK, RESOURCE_SERVER, REST_AUDIENCE } from '#http/rest-caller.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { loadOrCreateSecret } from '#sealing/file-secret.js';
import { createSealer, type Sealer } from '#sealing/sealer.js';
import { Budgets } from './budgets.js';
import { Catalog } from './catalog/catalog.js';
import { CatalogHttp } from './catalog/http/catalog.http.js';
import { LiveServers } from './catalog/live-servers.js';
import type { Gateway } from './gateway.js';
import { InFlight } from './in-flight.js';
import { LateRecords } from './late-records.js';
import { Listeners } from './listeners.js';
import { LogLevels } from './log-levels.js';
import { EndedSessions } from './mcp/legacy/ended-sessions.js';
import { EventStreams } from './mcp/legacy/event-streams.js';
import { OpenQuestions } from './mcp/legacy/open-questions.js';
import { ParkedCalls } from './mcp/modern/parked-calls.js';
import { mcpRoutes } from './mcp/routes.js';
import { HeldTasks } from './mcp/tasks/held/held-tasks.js';
import { KeptResults } from './mcp/tasks/kept-results.js';
import { SessionTasks } from './mcp/tasks/session-tasks.js';
import { TaskWatches } from './mcp/tasks/task-watches.js';
import { WaitingTasks } from './mcp/tasks/waiting-tasks.js';
import { openServer } from './open-server.js';
import { UpstreamAuthModule } from './upstream-auth/upstream-auth.module.js';
import { UpstreamAuths } from './upstream-auth/upstream-auths.js';

const HEARTBEAT_MS = 2_000;
const KEY_RETRY_MS = 500;
const LATE_MAX = 1_000;

@Module({
  imports: [UpstreamAuthModule],
  controllers: [CatalogHttp],
  providers: [
    {
      provide: Catalog,
      inject: [CONFIG, BUS, LOGGER, UpstreamAuths],
      useFactory: (config: Config, bus: Bus, logger: Logger, auths: UpstreamAuths) =>
        new Catalog({
          config,
          bus,
          logger,
          open: (upstream) => openServer(upstream, (one) => auths.connectionOf(one), logger),
        }),
    },
    {
      provide: LiveServers,
      inject: [Catalog, CONFIG, BUS, LOGGER],
      useFactory: (catalog: Catalog, config: Config, bus: Bus, logger: Logger) =>
        new LiveServers(catalog, config, bus, logger),
    },
  ],
})
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
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(LiveServers) private readonly servers: LiveServers,
    @Inject(CONFIG_WATCH) private readonly configWatch: ConfigWatch,
  ) {}

  async onModuleInit(): Promise<void> {
    const { config, logger } = this;
    const secret = await loadOrCreateSecret(join(config.data_dir, 'keys', 'gateway.secret'));
    const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
    this.gateway = {
      bus: this.bus,
      config,
      logger,
      resourceServer: this.resourceServer,
      checkOrigin: this.checkOrigin,
      catalog: this.catalog,
      budgets: new Budgets(config.limits.budgets),
      sealer: () => {
        if (this.sealer === undefined)
          throw new CountersignError('masking_unavailable', 'no sealing key yet');
        return this.sealer;
      },
      sessions: { current: 'k1', keys: new Map([['k1', derive('session')]]) },
      callSecret: derive('call'),
      inFlight: new InFlight(config.limits.calls_in_flight_max),
      late: new LateRecords(logger, LATE_MAX),
      lateOutcomes: new LateRecords(logger, LATE_MAX + config.limits.calls_in_flight_max),
      listeners: new Listeners(this.catalog),
      questions: new OpenQuestions(),
      parked: new ParkedCalls(),
      waitingTasks: new WaitingTasks(),
      taskWatches: new TaskWatches(this.catalog),
      sessionTasks: new SessionTasks(),
      keptResults: new KeptResults(),
      heldTasks: new HeldTasks(),
      streams: new EventStreams(),
      logLevels: new LogLevels(),
      endedSessions: new EndedSessions(this.bus, logger),
      instance: this.catalog.instance,
      publicUrl: this.publicUrl,
      now: () => new Date(),
    };
    mcpRoutes(this.http.httpAdapter.getInstance<FastifyInstance>(), () => this.required());
  }

  async onApplicationBootstrap(): Promise<void> {
    this.catalog.start();
    this.required().endedSessions.start();
    this.servers.follow(this.configWatch);
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
    this.gateway?.lateOutcomes.stop();
    this.gateway?.listeners.close();
    await this.gateway?.endedSessions.stop();
    this.configWatch.close();
    await this.servers.stop();
    await this.catalog.close();
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
