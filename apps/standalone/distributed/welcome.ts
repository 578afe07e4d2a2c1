import { pageAddress } from '../../approval/page/page-address.js';
import type { Distributed } from './start-distributed.js';

/** What the operator sees once calls are answered: the addresses, and how to get a token. */
export const welcome = (system: Distributed): string => {
  const { url, approvalUrl, ledgerUrl, policyUrl, maskingUrl, issuerUrl, config } = system;
  const processes = Object.entries(system.pids()).map(([name, pid]) => `${name} ${pid}`);
  return [
    `Countersign is ready: ${url}`,
    '',
    `  MCP, all servers   ${url}/mcp`,
    ...config.upstreams.map(({ name }) => `  MCP, one server    ${url}/mcp/${name}`),
    `  approvals          ${approvalUrl}/approvals`,
    ...(config.approvals.login === undefined
      ? []
      : [`  approval page      ${pageAddress(config, approvalUrl).base}/approvals/page`]),
    `  ledger             ${ledgerUrl}/ledger/calls`,
    `  health             ${[url, approvalUrl, ledgerUrl, policyUrl, maskingUrl].map((address) => `${address}/readyz`).join(' ')}`,
    `  processes          ${processes.join(', ')}`,
    ...(issuerUrl === undefined ? [] : demoHelp(url, issuerUrl)),
  ].join('\n');
};

const demoHelp = (url: string, issuerUrl: string): readonly string[] => [
  `  token issuer       ${issuerUrl}`,
  '',
  'DEVELOPMENT MODE: anybody on this machine can get a token. Never use this configuration for real data.',
  'One token is good for all of these addresses:',
  `  export COUNTERSIGN_TOKEN=$(npx countersign token --user risk-analyst --server ${url})`,
];
