import { loadConfig } from '#config/load-config.js';
import { closeOnSignal } from '#service/start-service.js';
import { createLogger } from '#telemetry/logger.js';
import { startStandalone } from '../../apps/standalone/start-standalone.js';

const config = loadConfig({ file: process.argv[2] ?? '', overrides: { data_dir: process.argv[3] ?? '' } });
const logger = createLogger('bench', 'error');
const service = await startStandalone(config, logger);
closeOnSignal(service, logger);
console.log(`ready ${service.url}`);
