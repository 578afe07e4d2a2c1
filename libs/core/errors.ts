import { APPROVAL_ERRORS } from './approval/approval.errors.js';
import { CATALOG_ERRORS } from './catalog/catalog.errors.js';
import { EVIDENCE_ERRORS } from './evidence/evidence.errors.js';
import { POLICY_ERRORS } from './policy/policy.errors.js';
import { TOKEN_ERRORS } from './token-errors.js';
import { UPSTREAM_AUTH_ERRORS } from './upstream/upstream-auth.errors.js';

/**
 * The closed list of everything that can go wrong for someone outside. One entry a code: the HTTP status, the
 * JSON-RPC code (MCP 2026-07-28 wants own codes outside -32768..-32000), a sentence for the person, the next step.
 */
export const ERRORS = {
  ...TOKEN_ERRORS,
  // frame
  http_malformed: {
    http: 400,
    rpc: -31017,
    says: 'The HTTP request is not well-formed.',
    next: 'Send one unambiguous length, and headers as RFC 9112 has them.',
  },
  body_too_large: {
    http: 413,
    rpc: -31010,
    says: 'The request body is over the limit.',
    next: 'Send a smaller request (limits.request_bytes_max).',
  },
  media_type_refused: {
    http: 415,
    rpc: -31011,
    says: 'The media type is not supported.',
    next: 'Send Content-Type: application/json and accept application/json and text/event-stream.',
  },
  json_malformed: {
    http: 400,
    rpc: -32700,
    says: 'The body is not strict JSON.',
    next: 'Send one JSON-RPC 2.0 object in UTF-8 without duplicate keys.',
  },
  frame_invalid: {
    http: 400,
    rpc: -32600,
    says: 'The body is not a JSON-RPC 2.0 request that MCP allows.',
    next: 'Send a single request or notification; batches are not part of this revision.',
  },
  params_invalid: {
    http: 400,
    rpc: -32602,
    says: 'The parameters are not valid.',
    next: 'Compare the parameters with the schema of the method or tool.',
  },
  method_unknown: {
    http: 404,
    rpc: -32601,
    says: 'This method is not offered here.',
    next: 'Use the methods announced by initialize.',
  },
  revision_unsupported: {
    http: 400,
    rpc: -32022,
    says: 'This MCP protocol revision is not supported.',
    next: 'Use one of the supported revisions.',
  },
  header_mismatch: {
    http: 400,
    rpc: -32020,
    says: 'A header does not say what the body says.',
    next: 'Send each header with the very value of the body, or base64-encoded as the specification has it.',
  },
  capability_missing: {
    http: 400,
    rpc: -32021,
    says: 'The client does not declare what this needs.',
    next: 'Use a client that declares the capability.',
  },
  session_missing: {
    http: 400,
    rpc: -31018,
    says: 'This needs a session.',
    next: 'Send initialize, then its Mcp-Session-Id with each request.',
  },
  method_refused: {
    http: 405,
    rpc: -31016,
    says: 'This HTTP method is not part of this revision.',
    next: 'Use POST.',
  },
  session_unknown: {
    http: 404,
    rpc: -31012,
    says: 'The session is not known for this caller.',
    next: 'Send initialize again.',
  },
  not_found: {
    http: 404,
    rpc: -31013,
    says: 'There is nothing at this address.',
    next: 'Check the address and the id.',
  },
  busy: { http: 429, rpc: -31014, says: 'Too many calls are under way.', next: 'Try again in a moment.' },
  // decision
  tool_unknown: {
    http: 200,
    rpc: -32602,
    says: 'Unknown tool.',
    next: 'Call tools/list for the tools you may use.',
  },
  question_denied: {
    http: 200,
    rpc: -31057,
    says: 'The upstream server asked for something that policy does not allow it to ask.',
    next: 'Ask the policy owner; the question is on record.',
  },
  question_unanswered: {
    http: 200,
    rpc: -31058,
    says: 'A question of the upstream server was not answered.',
    next: 'Send the call again and answer in time.',
  },
  call_denied: {
    http: 200,
    rpc: -31020,
    says: 'Policy does not allow this call.',
    next: 'Ask the policy owner; name the call id.',
  },
  approval_denied: {
    http: 200,
    rpc: -31021,
    says: 'An approver denied this call.',
    next: 'Read the reason; change the request or drop it.',
  },
  approval_expired: {
    http: 200,
    rpc: -31022,
    says: 'Nobody approved this call in time.',
    next: 'Send the call again to ask for a new approval.',
  },
  approval_pending: {
    http: 200,
    rpc: -31023,
    says: 'This call waits for an approval.',
    next: 'Repeat the identical call after approval.',
  },
  approval_stale: {
    http: 200,
    rpc: -31024,
    says: 'What was approved is not what would run now: policy, tool or masking has changed.',
    next: 'Send the call again to ask for a new approval.',
  },
  call_cancelled: {
    http: 200,
    rpc: -31025,
    says: 'The caller cancelled this call.',
    next: 'Send it again if it is still wanted.',
  },
  // catalog and budgets
  ...CATALOG_ERRORS,
  ...APPROVAL_ERRORS,
  body_invalid: {
    http: 400,
    rpc: -31037,
    says: 'The body or query is not valid.',
    next: 'Compare it with the documented fields.',
  },
  // services
  policy_unavailable: {
    http: 503,
    rpc: -31040,
    says: 'The policy service did not answer in time; nothing was forwarded.',
    next: 'Try again; operators: check the policy service.',
  },
  masking_unavailable: {
    http: 503,
    rpc: -31041,
    says: 'The masking service did not answer in time; the result was not released.',
    next: 'Ask an examiner for the outcome before repeating a write.',
  },
  approval_unavailable: {
    http: 503,
    rpc: -31042,
    says: 'The approval service did not answer in time; nothing was forwarded.',
    next: 'Try again; operators: check the approval service.',
  },
  ...POLICY_ERRORS,
  ...EVIDENCE_ERRORS,
  outcome_unknown: {
    http: 200,
    rpc: -31046,
    says: 'Nobody can know whether the upstream carried this call out.',
    next: 'Check the upstream before repeating it; the call is never repeated by itself.',
  },
  masking_blocked: {
    http: 200,
    rpc: -31047,
    says: 'The result could not be scanned and was withheld.',
    next: 'Ask for less or another format; operators: see the unscannable rule of the masking profile.',
  },
  upstream_unavailable: {
    http: 200,
    rpc: -31050,
    says: 'The upstream server cannot be reached.',
    next: 'Try again; operators: check the upstream.',
  },
  upstream_timeout: {
    http: 200,
    rpc: -31051,
    says: 'The upstream server did not answer in time.',
    next: 'Check the upstream before repeating a write.',
  },
  upstream_invalid: {
    http: 200,
    rpc: -31052,
    says: 'The upstream server answered with something that is not MCP.',
    next: 'Operators: check the upstream server.',
  },
  result_too_large: {
    http: 200,
    rpc: -31053,
    says: 'The result is over the limit and was withheld.',
    next: 'Ask for less (limits.result_bytes_max).',
  },
  ...UPSTREAM_AUTH_ERRORS,
  internal: {
    http: 500,
    rpc: -32603,
    says: 'Something broke inside the gateway; nothing was released.',
    next: 'Operators: see the log entry with this id.',
  },
} as const satisfies Record<string, { http: number; rpc: number; says: string; next: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** The only error that crosses a service boundary. `detail` is for the person; it never holds a secret or personal data. */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  constructor(
    readonly code: ErrorCode,
    readonly detail?: string,
  ) {
    super(detail ? `${code}: ${detail}` : code);
  }
}

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERRORS, value);
