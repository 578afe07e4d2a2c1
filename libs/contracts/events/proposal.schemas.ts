import { z } from 'zod';
import type {
  PolicyProposalApproved,
  PolicyProposalDenied,
  PolicyProposalExpired,
  PolicyProposalSuperseded,
  PolicyProposalVoted,
  PolicyProposalWithdrawn,
  PolicyProposed,
} from '#core/policy/proposal/proposal.events.js';
import { person, vote } from './approval.schemas.js';
import { requirements } from './call.schemas.js';
import { eventSchema } from './event-schema.js';
import { digest, instant, name, text } from './fields.js';

const stream = 'proposal';
const v = 1;
const payload = 'none';

/** How another policy comes into force. */
export const PROPOSAL_SCHEMAS = [
  eventSchema<PolicyProposed>({
    type: 'PolicyProposed',
    v,
    about: 'Somebody proposes another policy, which passed its own tests. Payload: the text of the file.',
    stream,
    payload: 'plain',
    data: {
      proposal: name('The proposal, as in the name of the stream.'),
      digest: digest(
        'What a vote binds: all else that is said here, and commit and size of the text, RFC 8785.',
      ),
      policyDigest: digest('Of the compiled policy, on record in its own stream.'),
      name: text('Name of the policy.'),
      replaces: digest('Of the policy that is active when it is proposed.'),
      proposer: z
        .strictObject({ ...person, client: text('The OAuth client that the token was issued to.') })
        .describe('Who proposes it.'),
      reason: text('Why, in their words.'),
      requirements: requirements('Each must be met.'),
      expiresAt: instant('From then on no vote counts and nothing is activated.'),
    },
  }),
  eventSchema<PolicyProposalVoted>({
    type: 'PolicyProposalVoted',
    v,
    about: 'Another person has voted.',
    stream,
    payload,
    data: vote,
  }),
  eventSchema<PolicyProposalApproved>({
    type: 'PolicyProposalApproved',
    v,
    about: 'Every requirement is met, by the vote in the same append; the activation follows.',
    stream,
    payload,
    data: { digest: digest('What is approved.') },
  }),
  eventSchema<PolicyProposalDenied>({
    type: 'PolicyProposalDenied',
    v,
    about: 'One person has said no, by the vote in the same append.',
    stream,
    payload,
    data: { reason: text('Why, in their words.') },
  }),
  eventSchema<PolicyProposalWithdrawn>({
    type: 'PolicyProposalWithdrawn',
    v,
    about: 'The proposer has taken it back.',
    stream,
    payload,
    data: { reason: text('Why, in their words.') },
  }),
  eventSchema<PolicyProposalExpired>({
    type: 'PolicyProposalExpired',
    v,
    about: 'Its time has passed.',
    stream,
    payload,
    data: { expiresAt: instant('When that was.') },
  }),
  eventSchema<PolicyProposalSuperseded>({
    type: 'PolicyProposalSuperseded',
    v,
    about: 'Another policy has become active than the one it was to replace.',
    stream,
    payload,
    data: { active: digest('Of the policy that is active.') },
  }),
];
