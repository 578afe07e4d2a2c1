import { describe, expect, it } from 'vitest';
import { type CatalogState, EMPTY_CATALOG, entryKey, evolveCatalog } from '../catalog/catalog.state.js';
import { decideApprovals, decideListing } from '../catalog/decide-catalog.js';
import type { Definition } from '../catalog/definition.js';
import { decideDisclosureRequest, decideDisclosureVote } from '../disclosure/decide-disclosure.js';
import type { DisclosureEvent } from '../disclosure/disclosure.events.js';
import { type DisclosureState, evolveDisclosure, NO_DISCLOSURE } from '../disclosure/disclosure.state.js';
import { CountersignError } from '../errors.js';
import type { Digest } from '../hash.js';
import { decideProposal, decideProposalVote } from '../policy/proposal/decide-proposal.js';
import type { ProposalEvent } from '../policy/proposal/proposal.events.js';
import { evolveProposal, NO_PROPOSAL, type ProposalState } from '../policy/proposal/proposal.state.js';
import type { ApprovalEvent } from './approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from './approval.state.js';
import { type CastVote, decideRequest, decideVote } from './decide-approval.js';

const DIGEST: Digest = `sha256:${'d'.repeat(64)}`;
const OTHER: Digest = `sha256:${'e'.repeat(64)}`;
const NOW = '2026-11-28T12:00:00.000Z';
const EXPIRES = '2026-11-28T13:00:00.000Z';
const ROLE = 'owner';
const requirements = [{ by: [ROLE], count: 2 }];

const person = (name: string, human?: string) => ({
  principal: name,
  issuer: 'https://idp',
  subject: name,
  ...(human !== undefined && { human }),
});
const REQUESTER = { ...person('requester', 'h-0'), client: 'agent' };

const cast = (name: string, more: Partial<CastVote> = {}): CastVote => ({
  vote: 'approve',
  approver: person(name),
  roles: [ROLE],
  isMachine: false,
  client: 'people',
  digest: DIGEST,
  reason: undefined,
  now: NOW,
  ...more,
});

/** One use of four eyes with two votes to give: casts them one after the other, and says the last one's outcome. */
interface Use {
  readonly name: string;
  /** The type of the last event, or the code of the refusal. */
  readonly cast: (...votes: readonly CastVote[]) => string;
  readonly first: string;
  readonly met: string;
  /** Otherwise nobody asked, and there is no requester to be kept out. */
  readonly hasRequester: boolean;
  /** Definitions are approved or left; nobody denies one for the others. */
  readonly canDeny: boolean;
}

const outcomeOf = <State, Event extends { readonly type: string }>(
  start: State,
  evolve: (state: State, event: Event) => State,
  decide: (state: State, vote: CastVote) => readonly Event[],
  votes: readonly CastVote[],
): string => {
  let state = start;
  let last = '';
  try {
    for (const vote of votes) {
      const events = decide(state, vote);
      state = events.reduce(evolve, state);
      last = events.at(-1)?.type ?? 'nothing';
    }
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return last;
};

const held: ApprovalState = decideRequest(NO_APPROVAL, {
  data: {
    callId: 'c',
    digest: DIGEST,
    attachKey: 'k',
    requester: { ...REQUESTER, agent: 'a' },
    server: 's',
    tool: 't',
    toolDigest: DIGEST,
    policyDigest: DIGEST,
    profileDigest: null,
    requirements,
    rules: [],
    expiresAt: EXPIRES,
  },
  payload: { commit: DIGEST, bytes: 1 },
}).reduce<ApprovalState>(evolveApproval, NO_APPROVAL);

const sealed: DisclosureState = decideDisclosureRequest(
  () => DIGEST,
  {
    callId: 'c',
    eventId: 'e',
    commit: DIGEST,
    requester: REQUESTER,
    reason: 'why',
    requirements,
    expiresAt: EXPIRES,
    box_ms: 1_000,
  },
  false,
).reduce<DisclosureState>(evolveDisclosure, NO_DISCLOSURE);

const proposed: ProposalState = decideProposal(() => DIGEST, {
  request: {
    proposal: 'p',
    policyDigest: OTHER,
    name: 'n',
    replaces: DIGEST,
    proposer: REQUESTER,
    reason: 'why',
    requirements,
    expiresAt: EXPIRES,
  },
  text: { commit: DIGEST, bytes: 1 },
  isMachine: false,
  roles: [ROLE],
}).reduce<ProposalState>(evolveProposal, NO_PROPOSAL);

const tool = (digest: Digest): Definition => ({ kind: 'tools', name: 't', digest, text: '{}' });
const listed = (state: CatalogState, entry: Definition): CatalogState =>
  evolveCatalog(
    state,
    decideListing(state, { server: 's', kind: 'tools', entries: [entry], first: 'trust-first' }).map(
      ({ event }) => ({ event, definition: {} }),
    ),
  );
const drifted = listed(listed(EMPTY_CATALOG, tool(OTHER)), tool(DIGEST));
const decideRepin = (state: CatalogState, { approver, roles, isMachine, digest }: CastVote) =>
  decideApprovals(state, {
    server: 's',
    listed: new Map([[entryKey(tool(DIGEST)), tool(DIGEST)]]),
    // A missing digest cannot come this far: the door refuses it.
    approvals: [{ kind: 'tools', name: 't', digest: (digest ?? OTHER) as Digest }],
    needs: { roles: [ROLE], pin: 1, repin: 2 },
    operator: { approver, roles, isMachine },
    reason: null,
  }).map(({ event }) => event);

const USES: readonly Use[] = [
  {
    name: 'held calls',
    cast: (...votes) => outcomeOf<ApprovalState, ApprovalEvent>(held, evolveApproval, decideVote, votes),
    first: 'ApprovalVoted',
    met: 'ApprovalGranted',
    hasRequester: true,
    canDeny: true,
  },
  {
    name: 'sealed originals',
    cast: (...votes) =>
      outcomeOf<DisclosureState, DisclosureEvent>(sealed, evolveDisclosure, decideDisclosureVote, votes),
    first: 'DisclosureVoted',
    met: 'DisclosureGranted',
    hasRequester: true,
    canDeny: true,
  },
  {
    name: 'policies',
    cast: (...votes) =>
      outcomeOf<ProposalState, ProposalEvent>(
        proposed,
        evolveProposal,
        (state, vote) => decideProposalVote(state, vote, DIGEST),
        votes,
      ),
    first: 'PolicyProposalVoted',
    met: 'PolicyProposalApproved',
    hasRequester: true,
    canDeny: true,
  },
  {
    name: 'definitions of tools',
    cast: (...votes) =>
      outcomeOf(
        drifted,
        (state, event: ReturnType<typeof decideRepin>[number]) =>
          evolveCatalog(state, [{ event, definition: {} }]),
        decideRepin,
        votes,
      ),
    first: 'CatalogEntryVoted',
    met: 'CatalogEntryPinned',
    hasRequester: false,
    canDeny: false,
  },
];

describe.each(USES)('four eyes are the same everywhere: $name', (use) => {
  it('are enough with the second of two people, and not before', () => {
    expect(use.cast(cast('one'))).toBe(use.first);
    expect(use.cast(cast('one'), cast('two'))).toBe(use.met);
  });

  it.each<[string, string, readonly CastVote[]]>([
    ['the same account twice', 'approver_voted_already', [cast('one'), cast('one')]],
    [
      'the same account under another name',
      'approver_voted_already',
      [cast('one'), cast('x', { approver: { ...person('one'), principal: 'x' } })],
    ],
    [
      'the same human through two accounts',
      'approver_voted_already',
      [cast('one', { approver: person('one', 'h-1') }), cast('two', { approver: person('two', 'h-1') })],
    ],
    ['a program', 'approver_not_eligible', [cast('robot', { isMachine: true })]],
    ['somebody without the role', 'approver_not_eligible', [cast('clerk', { roles: ['clerk'] })]],
    ['another digest', 'digest_mismatch', [cast('one', { digest: OTHER })]],
    ['no digest', 'digest_mismatch', [cast('one', { digest: undefined })]],
  ])('do not count %s: %s', (_, code, votes) => {
    expect(use.cast(...votes)).toBe(code);
  });
});

describe.each(USES.filter(({ hasRequester }) => hasRequester))('whoever asked has no vote: $name', (use) => {
  it.each<[string, string, CastVote]>([
    ['the requester', 'approver_is_requester', cast('requester')],
    [
      'the requester under another name',
      'approver_is_requester',
      cast('x', { approver: { ...person('requester'), principal: 'x' } }),
    ],
    [
      'the requester through another account',
      'approver_is_requester',
      cast('two', { approver: person('two', 'h-0') }),
    ],
    ['a token of the program that asked', 'approver_not_eligible', cast('two', { client: 'agent' })],
    ['anybody once it is too late', 'approval_expired', cast('two', { now: EXPIRES })],
  ])('do not count %s: %s', (_, code, vote) => {
    expect(use.cast(vote)).toBe(code);
  });
});

describe.each(USES.filter(({ canDeny }) => canDeny))('one denial is enough: $name', (use) => {
  it('end with one denial, which needs a reason', () => {
    expect(use.cast(cast('one', { vote: 'deny' }))).toBe('reason_missing');
    expect(use.cast(cast('one', { vote: 'deny', reason: 'no' }))).toMatch(/Denied$/);
    expect(use.cast(cast('one', { vote: 'deny', reason: 'no' }), cast('two'))).toMatch(/_closed$/);
  });
});
