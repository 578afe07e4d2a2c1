import { fileURLToPath } from 'node:url';
import { type ConfigSource, loadConfig } from '#config/load-config.js';
import { watchConfig } from '#config/watch-config.js';
import { closeOnSignal, type RunningService } from '#service/start-service.js';
import { createLogger } from '#telemetry/logger.js';
import { startDemo } from './demo.js';
import { startStandalone } from './start-standalone.js';
import { welcome } from './welcome.js';

export interface ServeOptions {
  readonly config?: string;
  readonly port?: number;
  readonly data?: string;
}

/** Configuration of the demonstration, beside the sources. */
export const DEMO_CONFIG = fileURLToPath(new URL('../../../deploy/demo/countersign.yaml', import.meta.url));

/**
 * Serves the standalone shape until a signal ends it; prints the ready line once requests are answered.
 * @throws ConfigError, PolicyFileError, or what kept the port or the store from opening
 */
export const serve = async ({
  config: file = DEMO_CONFIG,
  port,
  data,
}: ServeOptions): Promise<RunningService> => {
  const source: ConfigSource = {
    file,
    overrides: { ...(port === undefined ? {} : { port }), ...(data === undefined ? {} : { data_dir: data }) },
  };
  const config = loadConfig(source);
  const logger = createLogger('countersign', config.log_level);
  const demo = config.demo ? await startDemo(config) : undefined;
  const service = await startStandalone(demo?.config ?? config, logger, {
    configWatch: watchConfig(source, demo?.extend),
    ...(demo === undefined ? {} : { mount: demo.mount }),
  });
  closeOnSignal(
    {
      ...service,
      close: async () => {
        await service.close();
        await demo?.coreBanking.close();
      },
    },
    logger,
  );
  console.log(welcome(service.url, demo?.config ?? config));
  return service;
};
