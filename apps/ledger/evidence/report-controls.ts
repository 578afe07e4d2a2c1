/** Which files of a pack speak to which requirement. In our words; the requirement's own text decides. */
export interface Control {
  readonly rule: string;
  readonly asks: string;
  readonly shown: string;
  readonly files: readonly string[];
}

export const CONTROLS: readonly Control[] = [
  {
    rule: 'FFIEC Information Security, II.C.22 Log Management',
    asks: 'Logs that cannot be changed after they were written, kept apart and reviewed by others.',
    shown:
      'Every entry stands in one signed append-only tree; earlier signed trees are shown to ' +
      'be its beginning. Cosignatures come from a witness on another machine.',
    files: ['checkpoint', 'consistency/', 'range/', 'keys/tlog-policy'],
  },
  {
    rule: '16 CFR 314.4(c)(8) (GLBA Safeguards Rule)',
    asks: 'Activity of authorised users is logged, and tampering with customer information is detected.',
    shown:
      'Who asked for what through which agent, what was decided, and what was masked, for each call of the query.',
    files: ['entries/', 'range/', 'completeness.json'],
  },
  {
    rule: '23 NYCRR 500.6 (NYDFS)',
    asks: 'Audit trails from which material transactions can be reconstructed and events be responded to.',
    shown:
      'The stream of each call from request to outcome without a gap, the policies it was ' +
      'decided by, and, where disclosed, the exact request and the masked answer.',
    files: ['entries/', 'range/', 'policy-bundles/', 'disclosures/'],
  },
  {
    rule: 'PCI DSS 4.0.1, requirement 10',
    asks:
      'User, kind of event, time, success or failure, origin and what was ' +
      'affected (10.2.2); protection against change (10.3).',
    shown:
      'Each entry says actor, type, time, outcome, server and tool; the signed tree and ' +
      'its witnesses protect it. Card numbers stay in sealed payloads.',
    files: ['entries/', 'range/', 'checkpoint', 'masking-profiles/'],
  },
  {
    rule: 'NIST SP 800-53 Rev. 5, AU-3, AU-8, AU-9(3), AU-10, AU-12',
    asks: 'Content of audit records, time stamps, cryptographic protection, non-repudiation, generation of records.',
    shown:
      'Records in one canonical form, UTC to the millisecond, hashed and signed; approvals bound ' +
      'to the digest of the exact request; RFC 3161 stamps where there are any.',
    files: ['entries/', 'range/', 'checkpoint', 'tsa/', 'manifest.json.note'],
  },
];
