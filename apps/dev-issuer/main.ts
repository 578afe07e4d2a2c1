import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createDevIssuer } from './dev-issuer.js';

const USAGE =
  'usage: main.js --port N --issuer URL --resource URL [--resource URL ...] [--host NAME] [--allow-host HOST ...] [--approvals URL ...]';

const start = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      issuer: { type: 'string' },
      resource: { type: 'string', multiple: true },
      'allow-host': { type: 'string', multiple: true, default: [] },
      approvals: { type: 'string', multiple: true },
    },
  });
  const { port, host, issuer, resource } = values;
  if (port === undefined || issuer === undefined || resource === undefined) throw new Error(USAGE);
  const { handler } = await createDevIssuer({
    development: true,
    issuer,
    resources: resource,
    hosts: values['allow-host'],
    ...(values.approvals && { approvalPages: values.approvals }),
    onServerError: (error) => console.error(`development issuer: ${error.name}: ${error.message}`),
  });
  const server = createServer(handler);
  server.on('error', (error) => fail(error));
  server.listen(Number(port), host, () => console.log(`Development issuer is ready: ${issuer}`));
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
};

const fail = (error: unknown): void => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
};

start().catch(fail);
