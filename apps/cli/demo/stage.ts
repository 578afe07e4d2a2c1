import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#config/load-config.js';
import type { RunningService } from '#service/start-service.js';
import { createLogger } from '#telemetry/logger.js';
import { DEMO_CONFIG } from '../../standalone/serve.js';
import { type Demo, demoResources, startDemo } from '../../standalone/demo.js';
import { startStandalone } from '../../standalone/start-standalone.js';
import { requestDevToken } from '#identity/dev-token-request.js';

/** A private gateway, in this process, so that the bank's own counters can be asked what really happened. */
export interface Stage {
  readonly url: string;
  readonly coreBanking: Demo['coreBanking'];
  token(user: string): Promise<string>;
  close(): Promise<void>;
}

const TOKEN_TTL_S = 900;

/** The demo configuration on a free port, with a temporary data folder that `close` removes. */
export const setStage = async (): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'));
  const dropFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const config = loadConfig({ file: DEMO_CONFIG, overrides: { port: 0, data_dir: folder } });
    const demo = await startDemo(config);
    const service = await startOrClose(demo);
    const { url } = service;
    return {
      url,
      coreBanking: demo.coreBanking,
      token: (user) => requestDevToken({ issuer: `${url}/issuer`, user, ttl_s: TOKEN_TTL_S, resources: demoResources(url) }),
      close: async () => {
        await service.close();
        await demo.coreBanking.close();
        await dropFolder();
      },
    };
  } catch (error) {
    await dropFolder();
    throw error;
  }
};

const startOrClose = async (demo: Demo): Promise<RunningService> => {
  try {
    return await startStandalone(demo.config, createLogger('demo', 'error'), demo.mount);
  } catch (error) {
    await demo.coreBanking.close();
    throw error;
  }
};
