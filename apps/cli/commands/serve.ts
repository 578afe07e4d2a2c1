import { type Command, portOption, textOption } from '../command.js';
import { requireValidPolicy } from '../policy/require-valid-policy.js';

export const serve: Command = {
  help: [
    'usage: countersign serve [--config FILE] [--port N] [--data DIR]',
    '',
    'Serves everything in this process until it is told to stop.',
    '  --config FILE  default: the demo configuration',
    '  --port N       default 8080; 0 takes a free one',
    '  --data DIR     default ./data',
  ].join('\n'),
  options: { config: { type: 'string' }, port: { type: 'string' }, data: { type: 'string' } },
  positionals_max: 0,
  run: async (invocation) => {
    const port = portOption(invocation);
    const config = textOption(invocation, 'config');
    const data = textOption(invocation, 'data');
    const { DEMO_CONFIG, serve: start } = await import('../../standalone/serve.js');
    await requireValidPolicy(config ?? DEMO_CONFIG);
    await start({
      ...(config === undefined ? {} : { config }),
      ...(port === undefined ? {} : { port }),
      ...(data === undefined ? {} : { data }),
    });
    return undefined;
  },
};
