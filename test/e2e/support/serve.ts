import { parseArgs } from 'node:util';
import { serve } from '../../../apps/standalone/serve.js';

const { values } = parseArgs({
  options: { config: { type: 'string' }, port: { type: 'string' }, data: { type: 'string' } },
});
await serve({
  ...(values.config === undefined ? {} : { config: values.config }),
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
  ...(values.data === undefined ? {} : { data: values.data }),
});
