/** How the gateway names itself, to clients and to upstream servers. */
export const GATEWAY_INFO = {
  name: 'countersign',
  title: 'Countersign MCP gateway',
  version: '0.1.0',
} as const;

export const INSTRUCTIONS = [
  'Every call is decided by policy and recorded; results are masked.',
  'A call may wait for a human approval; when it answers "pending", repeat the identical call later.',
].join(' ');
