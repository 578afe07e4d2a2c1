/** Part of the closed list in libs/core/errors.ts. */
export const CATALOG_ERRORS = {
  budget_exceeded: {
    http: 429,
    rpc: -31015,
    says: 'A budget of this caller, session or server is used up.',
    next: 'Wait as long as the answer says, or ask the operator for more (limits.budgets).',
  },
  tool_held: {
    http: 200,
    rpc: -31026,
    says: 'The definition of this tool, prompt or resource is not approved.',
    next: 'Ask an operator to look at it: GET /catalog, or "countersign catalog".',
  },
  catalog_entry_unknown: {
    http: 404,
    rpc: -31027,
    says: 'The server lists nothing of this name now.',
    next: 'Read what it lists: GET /catalog.',
  },
} as const;
