import type { Person } from '../../approval/approval.events.js';
import type { CountedVote } from '../../approval/decide-approval.js';
import type { Requirement } from '../../approval/requirement.js';
import type { PayloadCommitment } from '../../evidence/entry.js';
import type { Digest } from '../../hash.js';

/** Somebody proposes another policy; it passed its own tests. Attachment: the text of the file, in clear. */
export interface PolicyProposed {
  readonly type: 'PolicyProposed';
  readonly v: 1;
  readonly data: {
    readonly proposal: string;
    /** SHA-256 of all that a vote binds: everything else in this event's data (RFC 8785), and the commitment of the text. */
    readonly digest: Digest;
    /** Of the compiled policy, which is on record in its own stream before this. */
    readonly policyDigest: Digest;
    readonly name: string;
    /** The policy that was active then; once it is another one the proposal is stale. */
    readonly replaces: Digest;
    readonly proposer: Person & { readonly client: string };
    readonly reason: string;
    readonly requirements: readonly Requirement[];
    /** No vote counts and nothing is activated from then on. */
    readonly expiresAt: string;
  };
  readonly payload: PayloadCommitment;
}

export interface PolicyProposalVoted {
  readonly type: 'PolicyProposalVoted';
  readonly v: 1;
  readonly data: CountedVote;
}

/** The policy is not active by this alone: `PolicyActivated` names the proposal. */
export interface PolicyProposalApproved {
  readonly type: 'PolicyProposalApproved';
  readonly v: 1;
  readonly data: { readonly digest: Digest };
}

export interface PolicyProposalDenied {
  readonly type: 'PolicyProposalDenied';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

export interface PolicyProposalWithdrawn {
  readonly type: 'PolicyProposalWithdrawn';
  readonly v: 1;
  readonly data: { readonly reason: string };
}

export interface PolicyProposalExpired {
  readonly type: 'PolicyProposalExpired';
  readonly v: 1;
  readonly data: { readonly expiresAt: string };
}

/** Another policy has become active, so that what was shown and proposed is no longer what would change. */
export interface PolicyProposalSuperseded {
  readonly type: 'PolicyProposalSuperseded';
  readonly v: 1;
  readonly data: { readonly active: Digest };
}

export type ProposalEvent =
  | PolicyProposed
  | PolicyProposalVoted
  | PolicyProposalApproved
  | PolicyProposalDenied
  | PolicyProposalWithdrawn
  | PolicyProposalExpired
  | PolicyProposalSuperseded;

export const PROPOSAL_EVENT_TYPES: readonly ProposalEvent['type'][] = [
  'PolicyProposed',
  'PolicyProposalVoted',
  'PolicyProposalApproved',
  'PolicyProposalDenied',
  'PolicyProposalWithdrawn',
  'PolicyProposalExpired',
  'PolicyProposalSuperseded',
];

const PREFIX = 'proposal-';
export const proposalStream = (id: string): string => PREFIX + id;
/** The id of a proposal's stream; undefined for other streams. */
export const proposalOfStream = (stream: string): string | undefined =>
  stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : undefined;
