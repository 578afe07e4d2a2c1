import { rewriteMembers } from '#mcp/rewrite-members.js';
import type { Client } from './client.js';

/** Errors that the specification pairs with an HTTP status (MCP 2026-07-28 basic: error codes). */
const MODERN_STATUS: ReadonlyMap<unknown, number> = new Map([
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
]);

/** Codes of the legacy era that modern clients must not see, by what says the same there. */
const MODERN_CODE: ReadonlyMap<unknown, number> = new Map([
  [-32002, -32602],
  [-32042, -32603],
]);

/** The masked error object of an upstream, in the era of its client. */
export const shownError = (
  { era }: Client,
  bytes: Uint8Array,
): { readonly bytes: Uint8Array; readonly status: number } => {
  if (era === 'legacy') return { bytes, status: 200 };
  const { code } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { code?: unknown };
  const modern = MODERN_CODE.get(code);
  return {
    bytes: modern === undefined ? bytes : rewriteMembers(bytes, { set: { code: String(modern) } }),
    status: MODERN_STATUS.get(code) ?? 200,
  };
};
