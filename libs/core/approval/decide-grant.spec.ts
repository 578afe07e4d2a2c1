import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import type { ApprovalEvent, ApprovalRequested } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from './approval.state.js';
import { decideLook, decideVote } from './decide-approval.js';
import { decideGrantUse, decideRevocation, type RevokeGrant, type UseGrant } from './decide-grant.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const NOW = '2026-11-22T12:00:00.000Z';
const UNTIL = '2026-11-22T14:00:00.000Z';
const GRANT = { uses: 3, for_s: 7_200, same: ['args.from'], limits: ['args.amount lte 1000'], key: 'k' };
const person = (name: string) => ({ principal: name, issuer: 'https://idp', subject: name });
const requested = (data: Partial<ApprovalRequested['data']> = {}): ApprovalRequested =>
  ({
    type: 'ApprovalRequested',
    v: 1,
    data: {
      callId: 'c-1',
      digest: DIGEST,
      requester: { ...person('engineer'), client: 'agent', agent: '' },
      requirements: [{ by: ['manager'], count: 1 }],
      expiresAt: '2026-11-22T12:30:00.000Z',
      grant: GRANT,
      ...data,
    },
  }) as unknown as ApprovalRequested;
const given = (...events: readonly ApprovalEvent[]): ApprovalState =>
  events.reduce<ApprovalState>(evolveApproval, NO_APPROVAL);
const vote = (state: ApprovalState) =>
  decideVote(state, {
    vote: 'approve',
    approver: person('manager-1'),
    roles: ['manager'],
    isMachine: false,
    digest: DIGEST,
    reason: undefined,
    now: NOW,
  });
const asked = given(requested());
const granted = given(requested(), ...vote(asked));
const use = (command: Partial<UseGrant> = {}): UseGrant => ({
  callId: 'c-2',
  key: 'k',
  ownCallRan: true,
  now: NOW,
  ...command,
});
const revoke = (by: string, roles: readonly string[] = [], more: Partial<RevokeGrant> = {}): RevokeGrant => ({
  by: person(by),
  roles,
  isMachine: false,
  reason: 'enough',
  ownCallRan: true,
  ...more,
});
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return 'accepted';
};

describe('the grant of an approval', () => {
  it('lasts from the vote that grants it for the time that was asked for', () => {
    expect(vote(asked).at(-1)).toEqual({
      type: 'ApprovalGranted',
      v: 1,
      data: { digest: DIGEST, until: UNTIL },
    });
  });

  it('begins with an escalation that makes earlier votes enough', () => {
    const escalate = { after_s: 60, to: ['director'] };
    const request = requested({
      requirements: [
        { by: ['manager'], count: 1 },
        { by: ['risk'], count: 1, escalate },
      ],
      requestedAt: NOW,
      distinct: true,
    });
    const votes = [...vote(given(request))];
    const second = {
      ...votes[0],
      data: { ...votes[0]?.data, approver: person('d'), roles: ['director', 'manager'] },
    };
    const state = given(request, ...votes, second as ApprovalEvent);
    const later = '2026-11-22T12:01:00.000Z';
    expect(decideLook(state, later).at(-1)).toMatchObject({
      type: 'ApprovalGranted',
      data: { until: '2026-11-22T14:01:00.000Z' },
    });
  });

  it('is none where none was asked for', () => {
    const one = given(requested({ grant: undefined } as Partial<ApprovalRequested['data']>));
    expect(vote(one).at(-1)?.data).toEqual({ digest: DIGEST });
    const state = given(requested({ grant: undefined } as Partial<ApprovalRequested['data']>), ...vote(one));
    expect(codeOf(() => decideGrantUse(state, use()))).toMatch(
      /^approval_stale: the approval is for one call/,
    );
  });

  it('counts the call that asked as the first use', () => {
    const second = decideGrantUse(granted, use());
    expect(second.data).toEqual({ callId: 'c-2', use: 2 });
    const third = decideGrantUse(evolveApproval(granted, second), use({ callId: 'c-3' }));
    expect(third.data.use).toBe(3);
    const spent = [second, third].reduce<ApprovalState>(evolveApproval, granted);
    expect(codeOf(() => decideGrantUse(spent, use({ callId: 'c-4' })))).toMatch(/all 3 uses/);
  });

  it.each<[string, ApprovalState, Partial<UseGrant>]>([
    ['there is no approval', NO_APPROVAL, {}],
    ['it is pending', asked, {}],
    ['the key is another', granted, { key: 'other' }],
    ['there is no key', granted, { key: undefined }],
    ['its time is over, to the millisecond', granted, { now: UNTIL }],
    [
      'the approval expired before its own call ran',
      granted,
      { ownCallRan: false, now: '2026-11-22T12:30:00.000Z' },
    ],
    [
      'it was revoked',
      given(requested(), ...vote(asked), ...decideRevocation(granted, revoke('engineer'))),
      {},
    ],
    [
      'the approval expired',
      evolveApproval(granted, { type: 'ApprovalExpired', v: 1, data: { expiresAt: NOW } }),
      {},
    ],
  ])('is of no use when %s', (_, state, command) => {
    expect(codeOf(() => decideGrantUse(state, use(command)))).toMatch(/^approval_stale/);
  });

  it('may be used up to its last millisecond, long after the approval would have expired unused', () => {
    expect(decideGrantUse(granted, use({ now: '2026-11-22T13:59:59.999Z' })).data.use).toBe(2);
  });
});

describe('revoking a grant', () => {
  it.each<[string, RevokeGrant]>([
    ['the requester', revoke('engineer')],
    ['whoever approved it, without any role now', revoke('manager-1')],
    ['whoever may approve it now', revoke('manager-9', ['manager'])],
  ])('is for %s, and on record with the reason', (_, command) => {
    expect(decideRevocation(granted, command)).toEqual([
      { type: 'GrantRevoked', v: 1, data: { by: command.by, reason: 'enough' } },
    ]);
  });

  it.each<[string, RevokeGrant]>([
    ['others', revoke('clerk', ['clerk'])],
    ['programs with the role', revoke('robot', ['manager'], { isMachine: true })],
  ])('is not for %s', (_, command) => {
    expect(codeOf(() => decideRevocation(granted, command))).toMatch(/^approver_not_eligible/);
  });

  it('withdraws the approval as well where its own call has not run', () => {
    const events = decideRevocation(granted, revoke('engineer', [], { ownCallRan: false }));
    expect(events.map(({ type }) => type)).toEqual(['GrantRevoked', 'ApprovalWithdrawn']);
    expect(events.reduce<ApprovalState>(evolveApproval, granted).status).toBe('withdrawn');
  });

  it('is refused before there is one, and a second time', () => {
    expect(codeOf(() => decideRevocation(asked, revoke('engineer')))).toMatch(/^approval_closed/);
    const revoked = decideRevocation(granted, revoke('engineer')).reduce<ApprovalState>(
      evolveApproval,
      granted,
    );
    expect(codeOf(() => decideRevocation(revoked, revoke('engineer')))).toMatch(/^approval_closed/);
    expect(codeOf(() => decideRevocation(NO_APPROVAL, revoke('engineer')))).toMatch(/^approval_unknown/);
  });
});
