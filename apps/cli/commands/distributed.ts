import { type Command, portOption, textOption } from '../command.js';
import { requireValidPolicy } from '../policy/require-valid-policy.js';

export const distributed: Command = {
  help: [
    'usage: countersign distributed [--config FILE] [--port N] [--data DIR]',
    '',
    'Serves the five services as processes of their own over a real nats-server and redis-server on loopback.',
    '  --config FILE  default: the demo configuration',
    '  --port N       of the ingress, default 8080; approval +1, ledger +2, policy +3, masking +4; 0 takes free ones',
    '  --data DIR     default ./data',
    'The event store is the embedded one, or that of EVENT_STORE_URL (kurrentdb://...).',
  ].join('\n'),
  options: { config: { type: 'string' }, port: { type: 'string' }, data: { type: 'string' } },
  positionals_max: 0,
  run: async (invocation) => {
    const port = portOption(invocation);
    const config = textOption(invocation, 'config');
    const data = textOption(invocation, 'data');
    const { mainDistributed } = await import('../../standalone/main-distributed.js');
    const { DEMO_CONFIG } = await import('../../standalone/serve.js');
    await requireValidPolicy(config ?? DEMO_CONFIG);
    await mainDistributed({
      ...(config === undefined ? {} : { config }),
      ...(port === undefined ? {} : { port }),
      ...(data === undefined ? {} : { data }),
    });
    return undefined;
  },
};
