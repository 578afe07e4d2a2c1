import type { Config } from '#config/config.schema.js';
import { pageAddress } from '../approval/page/page-address.js';

/** What the operator sees once the gateway is up: addresses, how to get a token, a configuration to paste. */
export const welcome = (url: string, config: Config): string => {
  const ready = `Countersign is ready: ${url}`;
  const endpoints = [
    `  MCP, all servers   ${url}/mcp`,
    ...config.upstreams.map(({ name }) => `  MCP, one server    ${url}/mcp/${name}`),
  ];
  const rest = [
    `  approvals          ${url}/approvals`,
    ...(config.approvals.login === undefined
      ? []
      : [`  approval page      ${pageAddress(config, url).base}/approvals/page`]),
    `  ledger             ${url}/ledger/calls`,
    `  health             ${url}/readyz`,
  ];
  const demo = config.demo ? demoHelp(url) : [];
  return [ready, '', ...endpoints, ...rest, ...demo].join('\n');
};

const demoHelp = (url: string): readonly string[] => {
  const client = {
    mcpServers: {
      bank: {
        type: 'http',
        url: `${url}/mcp`,
        headers: { Authorization: `Bearer ${'$'}{COUNTERSIGN_TOKEN}` },
      },
    },
  };
  return [
    '',
    'DEVELOPMENT MODE: anybody on this machine can get a token. Never use this configuration for real data.',
    'Get a token (users: risk-analyst, data-engineer, manager-1, manager-2, examiner, auditor, operator, no-role):',
    `  export COUNTERSIGN_TOKEN=$(npx countersign token --user risk-analyst --server ${url})`,
    'Configuration for an MCP client:',
    ...JSON.stringify(client, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
  ];
};
