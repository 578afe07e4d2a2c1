import { parseArgs } from 'node:util';
import type { DynamicModule, Type } from '@nestjs/common';
import type { Bus } from '#bus/bus.js';
import { natsBus } from '#bus/nats/nats-bus.js';
import { connectNats } from '#bus/nats/nats-connection.js';
import { NatsTransport } from '#bus/nats/nats-transport.js';
import { inboxPrefix } from '#bus/nats/permissions.js';
import type { Config } from '#config/config.schema.js';
import {
  ConfigError,
  type ConfigSource,
  configFileFromEnvironment,
  loadConfig,
  readSecret,
} from '#config/load-config.js';
import { watchConfig } from '#config/watch-config.js';
import type { Service } from '#contracts/contract.js';
import { createLogger } from '#telemetry/logger.js';
import type { ReadinessChecks } from './health.http.js';
import { closeOnSignal, startService } from './start-service.js';

export interface DistributedService {
  readonly service: Service;
  readonly modules: (
    config: Config,
  ) => Promise<readonly (Type | DynamicModule)[]> | readonly (Type | DynamicModule)[];
  readonly readiness: (bus: Bus) => ReadinessChecks;
}

/** Main of one service in the distributed shape: configuration from --config or COUNTERSIGN_CONFIG, bus over NATS. */
export const runDistributed = async ({ service, modules, readiness }: DistributedService): Promise<void> => {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' }, port: { type: 'string' } } });
    const file = values.config ?? configFileFromEnvironment();
    if (file === undefined)
      throw new ConfigError('give the configuration file with --config or COUNTERSIGN_CONFIG');
    const source: ConfigSource = {
      file,
      ...(values.port === undefined ? {} : { overrides: { port: Number(values.port) } }),
    };
    const config = loadConfig(source);
    if (config.bus.servers.length === 0)
      throw new ConfigError(`${file}: bus.servers: the distributed shape needs NATS (NATS_URL)`);
    const logger = createLogger(service, config.log_level);
    const { servers, user, password, tls_ca_file } = config.bus;
    const connection = await connectNats({
      servers,
      name: `countersign-${service}`,
      inbox: inboxPrefix(service),
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password: readSecret(password) }),
      ...(tls_ca_file === undefined ? {} : { tls_ca_file }),
    });
    const bus = natsBus(connection);
    const transport = new NatsTransport(connection, service, (subject, error) =>
      logger.error({ subject, err: error }, 'unexpected error'),
    );
    const running = await startService({
      config,
      logger,
      bus,
      transport,
      modules: await modules(config),
      readiness: readiness(bus),
      // Only its settings can be changed while it runs.
      ...(service === 'ingress' ? { configWatch: watchConfig(source) } : {}),
    });
    closeOnSignal(running, logger);
    console.log(`Countersign ${service} is ready: ${running.url}`);
  } catch (error) {
    console.error(`countersign ${service}: ${(error as Error).message}`);
    process.exit(2);
  }
};
