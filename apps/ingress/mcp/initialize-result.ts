import type { DownstreamRevision } from '#mcp/revisions.js';

export const GATEWAY_INFO = {
  name: 'countersign',
  title: 'Countersign MCP gateway',
  version: '0.1.0',
} as const;

/** Answer to `initialize` (MCP basic/lifecycle). Tools only; the list does not announce changes on these revisions. */
export const initializeResult = (protocolVersion: DownstreamRevision) => ({
  protocolVersion,
  capabilities: { tools: {} },
  serverInfo: GATEWAY_INFO,
  instructions: [
    'Every call is decided by policy and recorded; results are masked.',
    'A call may wait for a human approval; when it answers "pending", repeat the identical call later.',
  ].join(' '),
});
