import { describe, expect, it } from 'vitest';
import type { CastVote } from '../approval/decide-approval.js';
import { CountersignError } from '../errors.js';
import { decideDisclosureRequest, decideDisclosureVote, decideOpening } from './decide-disclosure.js';
import type { DisclosureEvent } from './disclosure.events.js';
import { type DisclosureState, evolveDisclosure, NO_DISCLOSURE } from './disclosure.state.js';

const DIGEST = `sha256:${'d'.repeat(64)}` as const;
const ASKED = '2026-11-23T12:00:00.000Z';
const EXPIRES = '2026-11-24T12:00:00.000Z';
const GRANTED = '2026-11-23T13:00:00.000Z';
const IN_THE_BOX = '2026-11-23T13:14:59.999Z';
const AFTER_THE_BOX = '2026-11-23T13:15:00.000Z';
const person = (name: string) => ({ principal: name, issuer: 'https://idp', subject: name });
const request = {
  callId: 'c-1',
  eventId: 'e-1',
  commit: `sha256:${'c'.repeat(64)}` as const,
  requester: { ...person('examiner-1'), client: 'cli' },
  reason: ' a complaint of the customer ',
  requirements: [{ by: ['examiner'], count: 1 }],
  expiresAt: EXPIRES,
  box_ms: 900_000,
};
const vote = (name: string, overrides: Partial<CastVote> = {}): CastVote => ({
  vote: 'approve',
  approver: person(name),
  roles: ['examiner'],
  isMachine: false,
  digest: DIGEST,
  reason: undefined,
  now: GRANTED,
  ...overrides,
});
const given = (...events: readonly DisclosureEvent[]): DisclosureState =>
  events.reduce<DisclosureState>(evolveDisclosure, NO_DISCLOSURE);
const asked = given(...decideDisclosureRequest(() => DIGEST, request, false));
const granted = decideDisclosureVote(asked, vote('examiner-2')).reduce<DisclosureState>(
  evolveDisclosure,
  asked,
);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('a sealed original', () => {
  it('is opened by its requester, after another person has approved, while the time box is open, each time on record', () => {
    expect(asked).toMatchObject({ status: 'pending', request: { reason: 'a complaint of the customer' } });
    expect(granted).toMatchObject({ status: 'granted', until: AFTER_THE_BOX });
    const opened = decideOpening(granted, person('examiner-1'), IN_THE_BOX);
    expect(opened).toMatchObject([{ type: 'DisclosureOpened', data: { commit: request.commit } }]);
    expect(opened.reduce<DisclosureState>(evolveDisclosure, granted)).toMatchObject({ opened: 1 });
  });

  it.each<[string, string, () => unknown]>([
    [
      'before anybody has approved',
      'disclosure_not_open',
      () => decideOpening(asked, person('examiner-1'), ASKED),
    ],
    [
      'that nobody asked for',
      'disclosure_not_open',
      () => decideOpening(NO_DISCLOSURE, person('examiner-1'), ASKED),
    ],
    [
      'after its time box',
      'disclosure_not_open',
      () => decideOpening(granted, person('examiner-1'), AFTER_THE_BOX),
    ],
    [
      'by the approver',
      'disclosure_not_open',
      () => decideOpening(granted, person('examiner-2'), IN_THE_BOX),
    ],
    [
      'on the requester’s own approval',
      'approver_is_requester',
      () => decideDisclosureVote(asked, vote('examiner-1')),
    ],
    [
      'on the requester’s own approval under another name',
      'approver_is_requester',
      () => decideDisclosureVote(asked, vote('x', { approver: { ...person('examiner-1'), principal: 'x' } })),
    ],
    [
      'on a machine’s approval',
      'approver_not_eligible',
      () => decideDisclosureVote(asked, vote('robot', { isMachine: true })),
    ],
    [
      'without a role',
      'approver_not_eligible',
      () => decideDisclosureVote(asked, vote('clerk', { roles: [] })),
    ],
    [
      'without the digest',
      'digest_mismatch',
      () => decideDisclosureVote(asked, vote('examiner-2', { digest: undefined })),
    ],
    [
      'on a late approval',
      'approval_expired',
      () => decideDisclosureVote(asked, vote('examiner-2', { now: EXPIRES })),
    ],
    ['on a second approval', 'approval_closed', () => decideDisclosureVote(granted, vote('examiner-3'))],
    ['that a machine asks for', 'forbidden', () => decideDisclosureRequest(() => DIGEST, request, true)],
    [
      'without a reason',
      'reason_missing',
      () => decideDisclosureRequest(() => DIGEST, { ...request, reason: ' \u200b' }, false),
    ],
  ])('%s is refused: %s', (_, code, run) => {
    expect(codeOf(run)).toBe(code);
  });

  it('that is denied stays closed, with the reason', () => {
    const denied = decideDisclosureVote(asked, vote('examiner-2', { vote: 'deny', reason: 'not needed' }));
    const state = denied.reduce<DisclosureState>(evolveDisclosure, asked);
    expect(state).toMatchObject({ status: 'denied', reason: 'not needed' });
    expect(codeOf(() => decideOpening(state, person('examiner-1'), IN_THE_BOX))).toBe('disclosure_not_open');
    expect(codeOf(() => decideDisclosureVote(state, vote('examiner-3')))).toBe('approval_closed');
  });
});
