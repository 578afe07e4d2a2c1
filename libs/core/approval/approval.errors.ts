/** Refusals of votes, and of what votes decide about; part of the closed list in errors.ts. */
export const APPROVAL_ERRORS = {
  approval_unknown: {
    http: 404,
    rpc: -31030,
    says: 'There is no such approval.',
    next: 'List the pending approvals: GET /approvals?status=pending.',
  },
  approval_closed: {
    http: 409,
    rpc: -31031,
    says: 'This approval is already decided.',
    next: 'Read its status: GET /approvals/{id}.',
  },
  repeated_too_often: {
    http: 429,
    rpc: -31124,
    says: 'The identical call came too often while it waits for its approval.',
    next: 'It waits on: send it again once it is approved.',
  },
  digest_mismatch: {
    http: 409,
    rpc: -31032,
    says: 'The digest is missing or not the one that is shown.',
    next: 'Read it again and send the digest it shows.',
  },
  approver_is_requester: {
    http: 403,
    rpc: -31033,
    says: 'Requesters cannot approve their own call.',
    next: 'Ask another approver.',
  },
  approver_not_eligible: {
    http: 403,
    rpc: -31034,
    says: 'Your roles cannot approve this call.',
    next: 'The approval names the roles that can.',
  },
  approver_voted_already: {
    http: 409,
    rpc: -31035,
    says: 'You have voted on this approval.',
    next: 'Another approver must vote.',
  },
  reason_missing: {
    http: 400,
    rpc: -31036,
    says: 'A denial needs a reason.',
    next: 'Send {"reason": "..."}; the requester will read it.',
  },
  break_glass_refused: {
    http: 403,
    rpc: -31120,
    says: 'Policy has no break-glass for this call.',
    next: 'Ask the approvers that it names.',
  },
  review_not_open: {
    http: 409,
    rpc: -31121,
    says: 'Nobody owes a review of this approval.',
    next: 'List those that are due: GET /approvals?review=due.',
  },
  delegation_unknown: {
    http: 404,
    rpc: -31122,
    says: 'There is no such delegation to you.',
    next: 'List those you have given or have: GET /delegations.',
  },
  delegation_refused: {
    http: 403,
    rpc: -31123,
    says: 'This delegation cannot be given or used so.',
    next: 'Read the detail; what a role lets be delegated stands in the policy.',
  },
  disclosure_not_open: {
    http: 403,
    rpc: -31038,
    says: 'This sealed original may not be opened now.',
    next: 'It is open only to its requester, after another person has approved, until the time box ends; ask anew if it is over.',
  },
  login_failed: {
    http: 400,
    rpc: -31090,
    says: 'The sign-in did not work.',
    next: 'Open the page again and sign in once more.',
  },
  form_refused: {
    http: 403,
    rpc: -31091,
    says: 'This form was not sent from the approval page of your session.',
    next: 'Open the page again, read it, and decide there.',
  },
  report_too_large: {
    http: 413,
    rpc: -31096,
    says: 'The report would be made of more approvals than one report may be.',
    next: 'Ask for a shorter time with from and to.',
  },
} as const;
