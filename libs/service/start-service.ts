import 'reflect-metadata';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DynamicModule, Module, type Type, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { readSecret } from '#config/load-config.js';
import { type ConfigWatch, UNWATCHED } from '#config/watch-config.js';
import { answerMalformedHttp } from '#http/malformed-http.js';
import { PlatformModule } from '#http/platform.module.js';
import { ProblemFilter } from '#http/problem.js';
import { flushRefusals } from '#http/record-refusal.js';
import { SoundInput } from '#http/sound-input.js';
import { createResourceServer } from '#identity/resource-server.js';
import { createTokenVerifier } from '#identity/token-verifier.js';
import { nestLogger } from '#telemetry/logger.js';
import { collectProcessMetrics } from '#telemetry/metrics.js';
import { HealthHttp, READINESS, type ReadinessChecks } from './health.http.js';

export interface ServiceOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly modules: readonly (Type | DynamicModule)[];
  readonly bus: Bus;
  readonly transport: CustomTransportStrategy;
  readonly readiness: ReadinessChecks;
  readonly mount?: Mount;
  /** Default: the configuration never changes. */
  readonly configWatch?: ConfigWatch;
}

/** A plain node handler that answers some of the paths itself, bodies included (the development issuer). */
export interface Mount {
  readonly owns: (url: string) => boolean;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface RunningService {
  readonly url: string;
  close(): Promise<void>;
}

/** Slow senders lose their connection after this long (slow-loris). */
const RECEIVE_MS_MAX = 15_000;

@Module({})
class ServiceModule {}

/** Starts one Nest application on Fastify: the given modules, their message handlers on `transport`, health and metrics. */
export const startService = async (options: ServiceOptions): Promise<RunningService> => {
  const { config, logger, bus, transport } = options;
  let url = config.http.public_url ?? `http://${config.http.host}:${config.http.port}`;
  const publicUrl = () => url;
  const platform = {
    bus,
    config,
    configWatch: options.configWatch ?? UNWATCHED,
    logger,
    resourceServer: createResourceServer({
      identity: config.identity,
      verifier: createTokenVerifier({
        ...config.identity,
        machines: { clients: config.approvals.machine_clients, claims: config.approvals.machine_claims },
      }),
      publicUrl,
      dpopNonceSecret: config.identity.dpop_nonce && readSecret(config.identity.dpop_nonce),
    }),
    publicUrl,
  };
  const root: DynamicModule = {
    module: ServiceModule,
    imports: [PlatformModule.forRoot(platform), ...options.modules],
    controllers: [HealthHttp],
    providers: [{ provide: READINESS, useValue: options.readiness }],
  };
  const adapter = new FastifyAdapter({
    requestTimeout: RECEIVE_MS_MAX,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    clientErrorHandler: answerMalformedHttp(bus),
    routerOptions: { maxParamLength: 300 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(logger, bus, platform.resourceServer));
  app.useGlobalPipes(
    new SoundInput(),
    new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }),
  );
  if (options.mount !== undefined) mount(app, options.mount);
  app.connectMicroservice({ strategy: transport }, { inheritAppConfig: false });
  collectProcessMetrics();
  await app.startAllMicroservices();
  await app.listen(config.http.port, config.http.host);
  if (config.http.public_url === undefined) {
    const { port } = app.getHttpServer().address() as AddressInfo;
    url = `http://${config.http.host}:${port}`;
  }
  return {
    url,
    close: async () => {
      await flushRefusals(bus);
      await app.close();
      await bus.close();
    },
  };
};

const mount = (app: NestFastifyApplication, { owns, handler }: Mount): void => {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      if (!owns(request.raw.url ?? '')) return done();
      reply.hijack();
      handler(request.raw, reply.raw);
    });
};

/** Ends the process well on SIGTERM and SIGINT; a second signal ends it at once. */
export const closeOnSignal = (service: RunningService, logger: Logger): void => {
  let closing = false;
  const close = (signal: NodeJS.Signals): void => {
    if (closing) process.exit(1);
    closing = true;
    logger.info({ signal }, 'shutting down');
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'could not shut down cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
};
