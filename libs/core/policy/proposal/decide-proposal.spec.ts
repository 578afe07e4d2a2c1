import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CastVote } from '../../approval/decide-approval.js';
import { CountersignError } from '../../errors.js';
import type { Digest, HashFunction } from '../../hash.js';
import type { PolicyActivated } from '../policy.events.js';
import {
  checkActivation,
  decideFileActivation,
  decideProposalActivation,
  evolveActivation,
  NOTHING_ACTIVE,
} from './activation.js';
import {
  decideProposal,
  decideProposalLook,
  decideProposalVote,
  decideProposalWithdrawal,
  type Proposing,
} from './decide-proposal.js';
import { evolveProposal, NO_PROPOSAL, type ProposalState } from './proposal.state.js';

const sha256: HashFunction = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const [A, B, C] = [digest('a'), digest('b'), digest('c')];
const NOW = '2026-11-28T12:00:00.000Z';
const EXPIRES = '2026-11-28T13:00:00.000Z';
const person = (name: string) => ({ principal: name, issuer: 'https://idp', subject: name });

const proposing = (more: Partial<Proposing['request']> = {}, rest: Partial<Proposing> = {}): Proposing => ({
  request: {
    proposal: 'p-1',
    policyDigest: B,
    name: 'bank',
    replaces: A,
    proposer: { ...person('one'), client: 'cli' },
    reason: ' the audit ',
    requirements: [{ by: ['policy-owner'], count: 1 }],
    expiresAt: EXPIRES,
    ...more,
  },
  text: { commit: digest('f'), bytes: 10 },
  isMachine: false,
  roles: ['policy-owner', 'clerk'],
  ...rest,
});
const [event] = decideProposal(sha256, proposing());
const PROPOSED = evolveProposal(NO_PROPOSAL, event);
const vote = (state: ProposalState, more: Partial<CastVote> = {}, active = A) =>
  decideProposalVote(
    state,
    {
      vote: 'approve',
      approver: person('two'),
      roles: ['policy-owner'],
      isMachine: false,
      client: undefined,
      digest: event.data.digest,
      reason: undefined,
      now: NOW,
      ...more,
    },
    active,
  );
const APPROVED = vote(PROPOSED).reduce(evolveProposal, PROPOSED);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('a proposal', () => {
  it('binds votes to the policy, to the one it replaces, to its proposer, text, reason and end', () => {
    const digestWith = (...change: Parameters<typeof proposing>) =>
      decideProposal(sha256, proposing(...change))[0].data.digest;
    const digests = [
      digestWith(),
      digestWith({ policyDigest: C }),
      digestWith({ replaces: C }),
      digestWith({ proposer: { ...person('three'), client: 'cli' } }),
      digestWith({ reason: 'another reason' }),
      digestWith({ expiresAt: NOW }),
      digestWith({ proposal: 'p-2' }),
      digestWith({}, { text: { commit: digest('0'), bytes: 10 } }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestWith()).toBe(event.data.digest);
  });

  it.each<[string, string, () => unknown]>([
    ['by a program', 'forbidden', () => decideProposal(sha256, proposing({}, { isMachine: true }))],
    ['without a reason', 'reason_missing', () => decideProposal(sha256, proposing({ reason: ' \u200b' }))],
    ['of the active policy', 'policy_refused', () => decideProposal(sha256, proposing({ policyDigest: A }))],
    [
      'that takes away the last role that could propose',
      'policy_refused',
      () => decideProposal(sha256, proposing({}, { roles: ['clerk'] })),
    ],
    ['on a stale one', 'proposal_stale', () => vote(PROPOSED, {}, C)],
    ['on none', 'proposal_unknown', () => vote(NO_PROPOSAL)],
    ['on an approved one', 'proposal_closed', () => vote(APPROVED, { approver: person('three') })],
    [
      'to withdraw what another one proposed',
      'forbidden',
      () => decideProposalWithdrawal(PROPOSED, person('two'), 'r'),
    ],
    [
      'to withdraw what is approved',
      'proposal_closed',
      () => decideProposalWithdrawal(APPROVED, person('one'), 'r'),
    ],
  ])('%s is refused: %s', (_, code, run) => {
    expect(codeOf(run)).toBe(code);
  });

  it('ends with its time and with the activation of another policy, and by nothing else', () => {
    expect(decideProposalLook(PROPOSED, NOW, A)).toEqual([]);
    expect(decideProposalLook(PROPOSED, EXPIRES, A)).toMatchObject([{ type: 'PolicyProposalExpired' }]);
    expect(decideProposalLook(PROPOSED, NOW, C)).toMatchObject([
      { type: 'PolicyProposalSuperseded', data: { active: C } },
    ]);
    const withdrawn = decideProposalWithdrawal(PROPOSED, person('one'), 'r').reduce(evolveProposal, PROPOSED);
    expect(withdrawn.status).toBe('withdrawn');
    expect(decideProposalLook(withdrawn, EXPIRES, C)).toEqual([]);
  });
});

describe('an activation', () => {
  const fold = (...events: readonly PolicyActivated[]) => events.reduce(evolveActivation, NOTHING_ACTIVE);
  const activate = (state = fold(...decideFileActivation(NOTHING_ACTIVE, file(A))), more = {}) =>
    decideProposalActivation(state, { id: 'p-1', state: APPROVED, instance: 'i', now: NOW, ...more });
  const file = (of: Digest, mode: 'development' | 'production' = 'production') => ({
    digest: of,
    mode,
    instance: 'i',
  });
  const started = fold(...decideFileActivation(NOTHING_ACTIVE, file(A)));

  it('of the file is the first one, and in production the only one', () => {
    expect(started).toMatchObject({ active: { digest: A, by: 'file' }, file: A });
    expect(decideFileActivation(started, file(B))).toEqual([]);
    expect(decideFileActivation(started, file(B, 'development'))).toMatchObject([
      { data: { digest: B, replaces: A } },
    ]);
  });

  it('of a proposal is not undone by a restart with the same old file, also in development', () => {
    const changed = activate().reduce(evolveActivation, started);
    expect(changed).toMatchObject({ active: { digest: B, proposal: 'p-1' }, file: A });
    expect(decideFileActivation(changed, file(A, 'development'))).toEqual([]);
    expect(decideFileActivation(changed, file(C, 'development'))).toMatchObject([{ data: { digest: C } }]);
  });

  it('of a proposal happens once, in its time, when it is approved, and only in place of what it was to replace', () => {
    expect(activate()).toMatchObject([{ data: { digest: B, by: 'proposal', proposal: 'p-1', replaces: A } }]);
    expect(activate(activate().reduce(evolveActivation, started))).toEqual([]);
    expect(activate(started, { now: EXPIRES })).toEqual([]);
    expect(activate(started, { state: PROPOSED })).toEqual([]);
    expect(activate(fold(...decideFileActivation(NOTHING_ACTIVE, file(C))))).toEqual([]);
  });

  it('from before there were proposals counts as one of the file', () => {
    const old: PolicyActivated = { type: 'PolicyActivated', v: 1, data: { digest: A, instance: 'i' } };
    expect(fold(old)).toMatchObject({ active: { digest: A }, file: A });
  });

  it('that the ledger is asked to store is checked against the proposal itself', () => {
    const [event] = activate();
    const check = (more: Partial<PolicyActivated['data']>, state: ProposalState = APPROVED) =>
      codeOf(() =>
        checkActivation(
          started,
          { ...event, data: { ...event?.data, ...more } } as PolicyActivated,
          state,
          NOW,
        ),
      );
    expect(check({})).toBe('accepted');
    expect(check({ digest: C })).toBe('approval_stale');
    expect(check({ replaces: C })).toBe('approval_stale');
    expect(check({}, PROPOSED)).toBe('approval_stale');
    expect(check({}, NO_PROPOSAL)).toBe('approval_stale');
  });
});
