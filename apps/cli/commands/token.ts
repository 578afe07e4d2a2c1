import { type Command, EXIT_FINE, requiredOption, textOption } from '../command.js';
import { readTtl } from '../read-ttl.js';
import { developmentToken } from '../server/development-token.js';
import { DEFAULT_SERVER, serverAddress } from '../server/discover.js';

export const token: Command = {
  help: [
    'usage: countersign token --user NAME [--ttl 1h] [--server URL]',
    '',
    'Prints one access token of the development issuer and nothing else. It is good for every MCP endpoint and for',
    'the REST edges of that server.',
    '  --user NAME    risk-analyst, data-engineer, manager-1, manager-2, examiner, auditor, operator, no-role, ...',
    '  --ttl TIME     1s to 24h, default 1h',
    `  --server URL   default ${DEFAULT_SERVER}; in the distributed shape the address of the ingress`,
  ].join('\n'),
  options: { user: { type: 'string' }, ttl: { type: 'string' }, server: { type: 'string' } },
  positionals_max: 0,
  run: async (invocation) => {
    const user = requiredOption(invocation, 'user', 'name a demo user, such as risk-analyst');
    const ttl_s = readTtl(textOption(invocation, 'ttl') ?? '1h');
    const server = serverAddress(textOption(invocation, 'server') ?? DEFAULT_SERVER);
    console.log(await developmentToken({ server, user, ttl_s }));
    return EXIT_FINE;
  },
};
