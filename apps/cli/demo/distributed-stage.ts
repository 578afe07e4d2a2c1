import type { Stats } from '../../demo-bank/core-banking/call-log.js';
import { startDistributed } from '../../standalone/distributed/start-distributed.js';
import { InputError } from '../command.js';
import { inTemporaryFolder, type Stage } from './stage.js';

/** The demo configuration as five services over NATS and Redis, on free ports. */
export const setDistributedStage = (): Promise<Stage> =>
  inTemporaryFolder(async (folder) => {
    const system = await startDistributed({
      port: 0,
      data: folder,
      report: (text) => console.error(`countersign: ${text}`),
    });
    const bank = system.config.upstreams.find(({ name }) => name === 'core-banking');
    if (bank?.transport !== 'http') throw new InputError('the demo configuration has no core-banking server');
    const stats = new URL('/stats', bank.url);
    return {
      url: system.url,
      approvalUrl: system.approvalUrl,
      ledgerUrl: system.ledgerUrl,
      bankStats: async () => (await (await fetch(stats)).json()) as Stats,
      close: system.stop,
    };
  });
