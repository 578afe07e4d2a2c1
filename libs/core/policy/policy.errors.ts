/** Refusals by changes of the policy and of proposals for another one; part of the closed list in errors.ts. */
export const POLICY_ERRORS = {
  policy_refused: {
    http: 422,
    rpc: -31170,
    says: 'The proposed policy cannot be used.',
    next: 'Correct what the detail says: countersign policy check FILE.',
  },
  proposal_unknown: {
    http: 404,
    rpc: -31171,
    says: 'There is no such proposal.',
    next: 'List them: GET /policy/proposals.',
  },
  proposal_closed: {
    http: 409,
    rpc: -31172,
    says: 'This proposal is already decided or over.',
    next: 'Read its status: GET /policy/proposals/{id}.',
  },
  proposal_stale: {
    http: 409,
    rpc: -31173,
    says: 'Another policy has become active since this one was proposed.',
    next: 'Look at the difference to the policy that is active now, and propose it again.',
  },
  proposals_full: {
    http: 429,
    rpc: -31174,
    says: 'Too many proposals wait for a decision.',
    next: 'Decide, deny or withdraw some of them.',
  },
  policy_stale: {
    http: 503,
    rpc: -31175,
    says: 'The policy changed while this call was decided; nothing was forwarded.',
    next: 'Try again; operators: one replica of the policy service does not follow the ledger.',
  },
} as const;
