import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { mcpParamHeaders } from '#mcp/param-headers.js';

/** @throws CountersignError params_invalid when an argument is not what its mirrored parameter declares */
export const paramHeaders = (inputSchema: unknown, args: JsonObject): Readonly<Record<string, string>> => {
  try {
    return mcpParamHeaders(inputSchema, args);
  } catch (error) {
    throw new CountersignError('params_invalid', (error as TypeError).message);
  }
};
