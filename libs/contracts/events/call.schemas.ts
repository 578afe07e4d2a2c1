import { z } from 'zod';
import type {
  CallCancelled,
  CallCompleted,
  CallContinued,
  CallDecided,
  CallDenied,
  CallFailed,
  CallHeld,
  CallOutcomeUnknown,
  CallRepeated,
  CallRequested,
  CallReturned,
  ForwardIntended,
  HoldEnded,
  ResultMasked,
} from '#core/call/call.events.js';
import { GOVERNED_METHODS } from '#core/call/target.js';
import { eventSchema } from './event-schema.js';
import {
  count,
  counts,
  digest,
  digestOrNull,
  errorCode,
  flag,
  instant,
  name,
  object,
  oneOf,
  text,
  texts,
} from './fields.js';

const stream = 'call';
const v = 1;

const share = {
  by: texts('Any of these roles may approve.'),
  count: count('How many different people must approve.'),
};

export const requirements = (says: string) =>
  z
    .array(
      z.strictObject({
        ...share,
        or: z
          .array(z.strictObject(share))
          .optional()
          .describe('Other ways to meet it, each enough; absent: there is none.'),
        escalate: z
          .strictObject({
            after_s: count('Seconds after the request.'),
            to: texts('Roles that may approve as well from then on.'),
          })
          .optional()
          .describe('Who else may approve later; absent: nobody.'),
      }),
    )
    .describe(says);

/** What an approval covers beside the call that asked for it. */
export const grantTerms = {
  uses: count('Calls that may run under it, the one that asked included.'),
  for_s: count('Seconds after it was granted.'),
  same: texts('Arguments that must be the same as in the call that asked.'),
  limits: texts('What must hold for the arguments of each call, in the words of the policy.'),
};

/** The same in the decision and in the request of the approval. */
export const breakGlass = z.strictObject({
  roles: texts('One human of each of these two.'),
  review: texts('Roles that look at it afterwards.'),
  within_s: count('Seconds they have for it.'),
});

const decision = z
  .strictObject({
    approval: z
      .strictObject({
        expires_s: count('Seconds until the approval expires.'),
        requirements: requirements('Each must be met.'),
        distinct: z
          .literal(false)
          .optional()
          .describe('False: one person may serve several requirements; absent: each counts for one.'),
        grant: z
          .strictObject(grantTerms)
          .optional()
          .describe('What the approval covers beside this call; absent: nothing.'),
        break_glass: breakGlass.optional().describe('Who may grant it in an emergency; absent: nobody.'),
      })
      .nullable()
      .describe('What people must approve; null when nobody has to.'),
    effect: oneOf(['allow', 'deny', 'approval'], 'What is to happen with the call.'),
    engine: z.literal('policy-1').describe('The engine that decided; replay uses the same.'),
    kind: z.enum(['read', 'write']).nullable().describe('What the operation does; null when there is none.'),
    operation: z.string().nullable().describe('The operation of the policy that the target belongs to.'),
    roles: texts("The caller's roles, sorted."),
    rules: texts('Ids of all rules that decided, in the order of the policy; none: denied by default.'),
  })
  .describe('The answer of the policy.');

/** What a decision was made from and what it was; of a call, and of a question of an upstream. */
export const decided = {
  now: instant('The clock that the decision was made with.'),
  groups: texts('Groups of the caller when this decision was asked for.'),
  token: object('Claims of the token that policy may look at.'),
  policyDigest: digest('Of the policy that decided, as in PolicyRecorded.'),
  profileDigest: digestOrNull('Of the masking profile that the decision gives; null when nothing is masked.'),
  decision,
};

export const masked = {
  blocked: flag('Whether something could not be scanned and was taken out.'),
  counts: counts('How many values were masked, by kind.'),
  engine: name('The masking engine; replay uses the same.'),
  profileDigest: digestOrNull('Of the masking profile; null when nothing is masked.'),
};

const caller = z
  .strictObject({
    principal: name('Name of the caller in the configured claim.'),
    issuer: name('The issuer of the token.'),
    subject: name('The subject of the token.'),
    client: text('The OAuth client that the token was issued to.'),
    groups: texts('Groups of the caller.'),
    token: object('Claims of the token that policy may look at.'),
  })
  .describe('The caller, as the verified access token says it.');

export const CALL_SCHEMAS = [
  eventSchema<CallRequested>({
    type: 'CallRequested',
    v,
    about:
      'A caller has asked for something; the first event of every call. Payload: the canonical params, as decided on and forwarded.',
    stream,
    payload: 'sealed',
    data: {
      caller,
      agent: z
        .strictObject({
          name: text('Name, as the client says itself.'),
          version: text('Version, as the client says itself.'),
        })
        .nullable()
        .describe('The client program; null when it does not say.'),
      continues: name('The call that asked for the input that this one brings.').optional(),
      endpoint: name('The MCP endpoint of the gateway that was used.'),
      method: oneOf(GOVERNED_METHODS, 'The MCP method; absent: tools/call.').optional(),
      protocol: name('The MCP revision that the client speaks.'),
      server: name('The upstream server.'),
      tool: text('Name of the tool or prompt; for everything else the method.'),
      toolDigest: digestOrNull('Of the approved description of the tool or prompt; null when there is none.'),
    },
  }),
  eventSchema<CallDecided>({
    type: 'CallDecided',
    v,
    about: 'Policy has answered; again when a held call is released.',
    stream,
    payload: 'none',
    data: decided,
  }),
  eventSchema<ForwardIntended>({
    type: 'ForwardIntended',
    v,
    about: 'The call is about to be forwarded: on record before the first byte goes upstream.',
    stream,
    payload: 'none',
    data: {
      server: name('The upstream server.'),
      instance: name('The process that forwards.'),
      deadline_ms: count('Milliseconds that the upstream is given.'),
      approvalId: z
        .string()
        .nullable()
        .describe('The approval it runs under: its own, or that of the call it continues; null when none.'),
      grantKey: name(
        'Of the grant that it runs under, as in ApprovalRequested; absent: under none.',
      ).optional(),
      request: digest('Commitment of the payload that is forwarded: of CallRequested or of a CallRepeated.'),
    },
  }),
  eventSchema<CallHeld>({
    type: 'CallHeld',
    v,
    about: 'People must decide first; the call waits.',
    stream,
    payload: 'none',
    data: {
      approvalId: name('The approval it waits for.'),
      digest: digest('What the approval binds.'),
      expiresAt: instant('When the wait ends by itself.'),
      requirements: requirements('Each must be met.'),
    },
  }),
  eventSchema<CallRepeated>({
    type: 'CallRepeated',
    v,
    about:
      'The identical call came again while it is held, and waits too. Payload: its own canonical params.',
    stream,
    payload: 'sealed',
    data: {
      approvalId: name('The approval it waits for.'),
      instance: name('The process that it came to.'),
      round: count('It came with the state of this round (1, 2, ...).').optional(),
      after: count(
        'Revision by which the request waited that was given the state; one state is used once.',
      ).optional(),
    },
  }),
  eventSchema<HoldEnded>({
    type: 'HoldEnded',
    v,
    about: 'The wait is over; what the call does next stands in the same append.',
    stream,
    payload: 'none',
    data: {
      approvalId: name('The approval it waited for.'),
      because: oneOf(['granted', 'denied', 'expired', 'stale', 'cancelled'], 'Why.'),
    },
  }),
  eventSchema<CallDenied>({
    type: 'CallDenied',
    v,
    about: 'The call is refused and was not forwarded.',
    stream,
    payload: 'none',
    data: { code: errorCode('Why.'), reason: text('Why, in words.') },
  }),
  eventSchema<CallCancelled>({
    type: 'CallCancelled',
    v,
    about: 'The call was given up before it was forwarded.',
    stream,
    payload: 'none',
    data: { reason: text('Why, in words.') },
  }),
  eventSchema<CallReturned>({
    type: 'CallReturned',
    v,
    about: 'The upstream has answered. Payload: its bytes, untouched.',
    stream,
    payload: 'sealed',
    data: {
      kind: oneOf(['result', 'error'], 'Whether JSON-RPC says result or error.'),
      elapsed_us: count('Microseconds that the upstream took.'),
    },
  }),
  eventSchema<ResultMasked>({
    type: 'ResultMasked',
    v,
    about: 'The answer is masked. Payload: the findings and the very bytes that the caller gets.',
    stream,
    payload: 'sealed',
    data: { ...masked, surface: oneOf(['result', 'error'], 'What was masked.') },
  }),
  eventSchema<CallCompleted>({
    type: 'CallCompleted',
    v,
    about: 'The call has ended and its answer may be released: on record before it is.',
    stream,
    payload: 'none',
    data: {
      outcome: oneOf(
        ['result', 'tool_error', 'rpc_error', 'input_required', 'task'],
        'How. input_required: the caller must bring more input in a call that continues this one; task: a task goes on.',
      ),
    },
  }),
  eventSchema<CallContinued>({
    type: 'CallContinued',
    v,
    about: "Another call goes on under this one's approval; at most one does. Written by the ledger alone.",
    stream,
    payload: 'none',
    data: { by: name('The call that continues this one.') },
  }),
  eventSchema<CallFailed>({
    type: 'CallFailed',
    v,
    about: 'The call is known not to have been carried out, or its answer is not released.',
    stream,
    payload: 'none',
    data: { code: errorCode('Why.'), detail: text('Why, in words.') },
  }),
  eventSchema<CallOutcomeUnknown>({
    type: 'CallOutcomeUnknown',
    v,
    about: 'Nobody can know whether the upstream carried the call out; it is never repeated.',
    stream,
    payload: 'none',
    data: { reason: text('Why, in words.') },
  }),
];
