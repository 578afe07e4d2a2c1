import { z } from 'zod';
import type {
  ApprovalDenied,
  ApprovalEscalated,
  ApprovalExpired,
  ApprovalGranted,
  ApprovalReminded,
  ApprovalRequested,
  ApprovalReviewed,
  ApprovalVoted,
  ApprovalWithdrawn,
  BreakGlassInvoked,
  GrantRevoked,
  GrantUsed,
  ReviewOverdue,
  ReviewRequired,
} from '#core/approval/approval.events.js';
import { breakGlass, grantTerms, requirements } from './call.schemas.js';
import { eventSchema } from './event-schema.js';
import { count, digest, digestOrNull, flag, instant, name, oneOf, text, texts } from './fields.js';

const stream = 'approval';
const v = 1;

export const person = {
  principal: name('Name in the configured claim.'),
  issuer: name('The issuer of the token.'),
  subject: name('The subject of the token: with the issuer it names the same person for ever.'),
  human: name('Equal for all accounts of one human; absent when the issuer does not say.').optional(),
};

const onBehalfOf = z.strictObject({
  delegation: name('The delegation by which they did.'),
  person: z.strictObject(person).describe('Who delegated.'),
});

/** A vote of a person, whatever it is about. */
export const vote = {
  vote: oneOf(['approve', 'deny'], 'What they said.'),
  approver: z.strictObject(person).describe('Who voted.'),
  roles: texts('The roles it counts with: their own when they voted, or those delegated to them.'),
  onBehalfOf: onBehalfOf.optional().describe('Whose roles these are; absent: their own.'),
  digest: digest('What they were shown and voted on.'),
  reason: text('Why, in their words; may be empty for an approval.'),
};

export const APPROVAL_SCHEMAS = [
  eventSchema<ApprovalRequested>({
    type: 'ApprovalRequested',
    v,
    about: 'People are asked to decide on a call. Payload: the masked arguments and the nonce of the digest.',
    stream,
    payload: 'sealed',
    data: {
      callId: name('The call that waits.'),
      digest: digest('What the approval binds: caller, target, arguments, policy, mask, nonce and expiry.'),
      attachKey: name('Equal for identical calls, which wait for the same approval.'),
      requester: z
        .strictObject({
          ...person,
          client: text('The OAuth client that the token was issued to.'),
          agent: text('The client program, as it says itself.'),
        })
        .describe('Who asks.'),
      server: name('The upstream server.'),
      tool: text('Name of the tool or prompt; for everything else the method.'),
      toolDigest: digest('Of the description of what is called.'),
      policyDigest: digest('Of the policy that decided.'),
      profileDigest: digestOrNull('Of the masking profile; null when nothing is masked.'),
      requirements: requirements('Each must be met.'),
      distinct: flag(
        'Whether each person counts for one requirement only; absent: one may serve several.',
      ).optional(),
      requestedAt: instant('Escalations count from here; absent: there are none.').optional(),
      reminders_s: z
        .array(z.int().min(1))
        .describe('Seconds after requestedAt at which people are reminded; absent: never.')
        .optional(),
      breakGlass: breakGlass.optional().describe('Who may grant it in an emergency; absent: nobody.'),
      rules: z
        .array(z.strictObject({ id: name('Of the rule.'), says: text('The rule in words.') }))
        .describe('The rules that ask for it.'),
      grant: z
        .strictObject({
          ...grantTerms,
          key: name('Equal for all calls that it covers; made with a secret, so that it tells nothing.'),
        })
        .describe('What the approval covers beside this call; absent: nothing.')
        .optional(),
      expiresAt: instant('When it expires.'),
    },
  }),
  eventSchema<ApprovalVoted>({
    type: 'ApprovalVoted',
    v,
    about: 'A person has voted.',
    stream,
    payload: 'none',
    data: vote,
  }),
  eventSchema<ApprovalEscalated>({
    type: 'ApprovalEscalated',
    v,
    about: 'Time has passed and more roles may approve; on record when it is noticed.',
    stream,
    payload: 'none',
    data: {
      requirement: count('Place of the requirement in the request, from 0.'),
      to: texts('Roles that may approve as well.'),
      since: instant('When it was due.'),
    },
  }),
  eventSchema<ApprovalReminded>({
    type: 'ApprovalReminded',
    v,
    about: 'It still waits: people are reminded. Of several that are due only the last is recorded.',
    stream,
    payload: 'none',
    data: {
      number: count('Place of the reminder in the request, from 1.'),
      since: instant('When it was due.'),
    },
  }),
  eventSchema<ApprovalGranted>({
    type: 'ApprovalGranted',
    v,
    about: 'Every requirement is met, by the vote in the same append.',
    stream,
    payload: 'none',
    data: {
      digest: digest('What is approved.'),
      until: instant('Further calls may run under its grant until then; absent: none may.').optional(),
      how: oneOf(['break-glass'], 'In an emergency; absent: by the votes that policy asks for.').optional(),
    },
  }),
  eventSchema<BreakGlassInvoked>({
    type: 'BreakGlassInvoked',
    v,
    about: 'One of the two people whom policy lets grant a call in an emergency has done so.',
    stream,
    payload: 'none',
    data: {
      by: z.strictObject(person).describe('Who did.'),
      roles: texts('Their roles at that moment.'),
      digest: digest('What they were shown.'),
      reason: text('What the emergency is, in their words.'),
    },
  }),
  eventSchema<ReviewRequired>({
    type: 'ReviewRequired',
    v,
    about: 'The glass was broken, in the same append; somebody must look at it.',
    stream,
    payload: 'none',
    data: { by: texts('Roles that may.'), dueAt: instant('By when.') },
  }),
  eventSchema<ApprovalReviewed>({
    type: 'ApprovalReviewed',
    v,
    about: 'Somebody who was not part of it has looked at a call that was granted in an emergency.',
    stream,
    payload: 'none',
    data: {
      verdict: oneOf(['justified', 'not_justified'], 'What they found.'),
      reviewer: z.strictObject(person).describe('Who looked.'),
      roles: texts('Their roles at that moment.'),
      reason: text('Why, in their words.'),
    },
  }),
  eventSchema<ReviewOverdue>({
    type: 'ReviewOverdue',
    v,
    about: 'Nobody has looked at it in time. It stays due.',
    stream,
    payload: 'none',
    data: { dueAt: instant('When it was due.') },
  }),
  eventSchema<ApprovalDenied>({
    type: 'ApprovalDenied',
    v,
    about: 'One person has said no, by the vote in the same append.',
    stream,
    payload: 'none',
    data: { reason: text('Why, in their words.') },
  }),
  eventSchema<ApprovalExpired>({
    type: 'ApprovalExpired',
    v,
    about: 'Its time has passed.',
    stream,
    payload: 'none',
    data: { expiresAt: instant('When it expired.') },
  }),
  eventSchema<ApprovalWithdrawn>({
    type: 'ApprovalWithdrawn',
    v,
    about: 'The call that asked for it was given up.',
    stream,
    payload: 'none',
    data: { reason: text('Why, in words.') },
  }),
  eventSchema<GrantUsed>({
    type: 'GrantUsed',
    v,
    about: 'A further call runs under the grant; before that call is stored. Written by the ledger alone.',
    stream,
    payload: 'none',
    data: {
      callId: name('The call that runs.'),
      use: count('Which use it is: the call that asked is the first, this one 2 or more.'),
    },
  }),
  eventSchema<GrantRevoked>({
    type: 'GrantRevoked',
    v,
    about: 'No further call runs under the grant.',
    stream,
    payload: 'none',
    data: {
      by: z
        .strictObject(person)
        .describe('Who revoked it: the requester, an approver, or one who may approve.'),
      reason: text('Why, in their words.'),
    },
  }),
];
