import { describe, expect, it } from 'vitest';
import type { Entry } from '#core/evidence/entry.js';
import { CallChecks } from './check-calls.js';
import { Findings } from './finding.js';

const decision = { effect: 'approval', engine: 'policy-1' };
const CALL: readonly (readonly [string, object])[] = [
  ['CallRequested', { caller: { principal: 'ana' }, agent: null, server: 's', tool: 't' }],
  ['CallDecided', { decision, policyDigest: 'sha256:p', profileDigest: null }],
  ['ForwardIntended', { instance: 'i', approvalId: 'a', grantKey: 'k' }],
];
const requested = ['ApprovalRequested', { callId: 'first' }] as const;
const granted = ['ApprovalGranted', { until: 'then' }] as const;

/** What is said of a pack with the call `c`, open, and the approval `a` that it names. */
const messagesOf = (...approval: readonly (readonly [string, object])[]): readonly string[] => {
  const findings = new Findings();
  const said = {
    kind: 'call',
    range: null,
    calls: [
      { id: 'c', entries: CALL.length, closed: false, approvals: [{ id: 'a', entries: approval.length }] },
    ],
  } as const;
  const checks = new CallChecks(findings, { call: 'c' }, said, 10);
  const add = (stream: string, entries: readonly (readonly [string, object])[]): void =>
    entries.forEach(([type, data], revision) => {
      const entry = { type, v: 1, data, stream, revision, time: '2026-11-22T12:00:00.000Z' };
      checks.add(revision, entry as unknown as Entry);
    });
  add('approval-a', approval);
  add('call-c', CALL);
  checks.finish();
  return findings.all.map(({ message }) => message);
};

describe('a call under a grant in a pack', () => {
  it('is fine with a use of that grant on record', () => {
    expect(messagesOf(requested, granted, ['GrantUsed', { callId: 'c', use: 2 }])).toEqual([]);
  });

  it('is found when its use is not on record', () => {
    expect(messagesOf(requested, granted, ['GrantUsed', { callId: 'other', use: 2 }])).toEqual([
      'call c ran under approval a without a use on record',
    ]);
  });

  it('is found when the approval was never granted', () => {
    expect(messagesOf(requested, ['GrantUsed', { callId: 'c', use: 2 }])).toEqual([
      'call c went on as granted, and approval a was not',
    ]);
  });
});
