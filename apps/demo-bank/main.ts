import { parseArgs } from 'node:util';
import { DEMO_SEED } from './bank.js';
import { startCoreBanking } from './core-banking/core-banking.js';
import { parseFault } from './core-banking/faults.js';

const start = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      seed: { type: 'string', default: DEMO_SEED },
      customers: { type: 'string', default: '200' },
      'bearer-token': { type: 'string' },
      'keep-requests': { type: 'boolean', default: false },
      fault: { type: 'string', multiple: true, default: [] },
    },
  });
  const bank = await startCoreBanking({
    port: Number(values.port),
    host: values.host,
    seed: values.seed,
    customers: Number(values.customers),
    keep_requests: values['keep-requests'],
    faults: values.fault.map(parseFault),
    ...(values['bearer-token'] && { bearer_token: values['bearer-token'] }),
  });
  console.log(`Core banking is ready: ${bank.url}`);
  const stop = (): void => void bank.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
};

start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
});
