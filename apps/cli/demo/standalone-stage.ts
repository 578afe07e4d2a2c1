import { loadConfig } from '#config/load-config.js';
import { createLogger } from '#telemetry/logger.js';
import { startDemo } from '../../standalone/demo.js';
import { DEMO_CONFIG } from '../../standalone/serve.js';
import { startStandalone } from '../../standalone/start-standalone.js';
import { inTemporaryFolder, type Stage } from './stage.js';

/** The demo configuration in this process, on a free port. */
export const setStandaloneStage = (): Promise<Stage> =>
  inTemporaryFolder(async (folder) => {
    const config = loadConfig({ file: DEMO_CONFIG, overrides: { port: 0, data_dir: folder } });
    const demo = await startDemo(config);
    try {
      const { url, close } = await startStandalone(demo.config, createLogger('demo', 'error'), {
        mount: demo.mount,
      });
      return {
        url,
        approvalUrl: url,
        ledgerUrl: url,
        bankStats: async () => demo.coreBanking.stats(),
        close: async () => {
          await close();
          await demo.coreBanking.close();
        },
      };
    } catch (error) {
      await demo.coreBanking.close();
      throw error;
    }
  });
