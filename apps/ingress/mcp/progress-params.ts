import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { RequestId } from '#mcp/frame.js';
import type { Progress } from '#mcp/upstream/upstream.types.js';

/** Params of notifications/progress (MCP basic/utilities/progress). */
export const progressParams = (
  progressToken: RequestId,
  { progress, total, message }: Progress,
): JsonObject => ({
  progressToken,
  progress,
  ...(total === undefined ? {} : { total }),
  ...(message === undefined ? {} : { message }),
});
