export interface DemoUser {
  /** Login name: `sub` and `preferred_username` of the tokens. */
  readonly name: string;
  readonly groups: readonly string[];
}

/** One user per role of the demo configuration, named after it. */
export const DEMO_USERS: readonly DemoUser[] = [
  { name: 'risk-analyst', groups: ['BANK-RISK-ANALYST'] },
  { name: 'data-engineer', groups: ['BANK-DATA-ENG'] },
  { name: 'manager-1', groups: ['BANK-DATA-MGR'] },
  { name: 'manager-2', groups: ['BANK-DATA-MGR'] },
  { name: 'examiner', groups: ['BANK-EXAMINER'] },
  { name: 'auditor', groups: ['BANK-AUDIT'] },
  { name: 'operator', groups: ['BANK-OPERATIONS'] },
  { name: 'policy-owner-1', groups: ['BANK-POLICY-OWNER'] },
  { name: 'policy-owner-2', groups: ['BANK-POLICY-OWNER'] },
  { name: 'no-role', groups: [] },
];
