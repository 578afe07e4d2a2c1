import { z } from 'zod';
import type { PageSessionEnded } from '#core/approval/page-session.events.js';
import type { InputAnswered, InputRequested, MessageReleased } from '#core/call/call.events.js';
import type { ListShown, ServerDiscovered } from '#core/call/list.events.js';
import type { RequestRefused } from '#core/call/refusal.events.js';
import type { SessionEnded, SessionStarted } from '#core/call/session.events.js';
import { GOVERNED_METHODS } from '#core/call/target.js';
import type { LedgerRead, LedgerReadRefused } from '#core/evidence/read.events.js';
import { decided, masked } from './call.schemas.js';
import { eventSchema } from './event-schema.js';
import { count, errorCode, instant, name, object, oneOf, text, texts } from './fields.js';

const v = 1;
const question = count('Which question of this call, from 1.');
const method = oneOf(GOVERNED_METHODS, 'The MCP method of the question.');

const client = z.strictObject({
  name: text('Name, as the client says itself.'),
  version: text('Version, as the client says itself.'),
});
const endpoint = name('The MCP endpoint of the gateway that was used.');
const expires_ms = count('When the session would expire by itself: milliseconds since 1970, UTC.');
const revision = name('The revision of MCP that is spoken.');

const read = {
  what: name('What kind of thing was asked for.'),
  query: object('What was asked for; never a value of a customer.'),
};

/** What is said around a call: questions, messages, lists, sessions, refusals and reads. */
export const CONVERSATION_SCHEMAS = [
  eventSchema<InputRequested>({
    type: 'InputRequested',
    v,
    about:
      'The upstream asks something of the caller while it has the call. Payload: the canonical params as shown, which policy decided on.',
    stream: 'call',
    payload: 'sealed',
    data: {
      ...decided,
      because: z.string().nullable().describe('Why it is not asked; null: it is asked.'),
      method,
      question,
    },
  }),
  eventSchema<InputAnswered>({
    type: 'InputAnswered',
    v,
    about:
      'The question is settled; its call goes on. Payload: the answer as the upstream gets it, if there is one.',
    stream: 'call',
    payload: 'sealed or none',
    data: {
      method,
      outcome: oneOf(['answered', 'refused', 'timeout', 'cancelled'], 'How it was settled.'),
      question,
    },
  }),
  eventSchema<MessageReleased>({
    type: 'MessageReleased',
    v,
    about:
      'The upstream said something while it worked; on record before the client sees it masked. Payload: what it said, untouched.',
    stream: 'call',
    payload: 'sealed',
    data: { ...masked, method: name('The MCP method of the notification.') },
  }),
  eventSchema<ListShown>({
    type: 'ListShown',
    v,
    about: 'A caller is shown a list of what it could use: on record before the caller has it.',
    stream: 'list',
    payload: 'none',
    data: {
      endpoint,
      groups: texts('Groups of the caller.'),
      method: name('The MCP method.'),
      shown: object('How many entries, by server.'),
    },
  }),
  eventSchema<ServerDiscovered>({
    type: 'ServerDiscovered',
    v,
    about: 'A caller is told what an endpoint can do: on record before the caller has it.',
    stream: 'list',
    payload: 'none',
    data: {
      client: client.nullable().describe('The client program; null: it does not say.'),
      endpoint,
      revision,
    },
  }),
  eventSchema<SessionStarted>({
    type: 'SessionStarted',
    v,
    about: 'A caller opens a session of the legacy era: on record before the caller has it.',
    stream: 'session',
    payload: 'none',
    data: { client: client.describe('The client program.'), endpoint, expires_ms, revision },
  }),
  eventSchema<SessionEnded>({
    type: 'SessionEnded',
    v,
    about: 'The client has ended its session of the legacy era.',
    stream: 'session',
    payload: 'none',
    data: {
      client: client.describe('The client program.'),
      expires_ms: count('When the session would have expired by itself: milliseconds since 1970, UTC.'),
    },
  }),
  eventSchema<PageSessionEnded>({
    type: 'PageSessionEnded',
    v,
    about: 'The person who is the actor has signed out of the approval page.',
    stream: 'session',
    payload: 'none',
    data: { expiresAt: instant('When the session would have ended by itself.') },
  }),
  eventSchema<RequestRefused>({
    type: 'RequestRefused',
    v,
    about: 'A request ended before it became a call or a vote. Never holds the token.',
    stream: 'refusal',
    payload: 'none',
    data: {
      code: errorCode('Why.'),
      where: name('Which door of the gateway.'),
      about: object('Method names, ids and reasons; of a flood count, from and until.'),
    },
  }),
  eventSchema<LedgerRead>({
    type: 'LedgerRead',
    v,
    about: 'Somebody looks into the ledger: on record before anything is shown.',
    stream: 'read',
    payload: 'none',
    data: read,
  }),
  eventSchema<LedgerReadRefused>({
    type: 'LedgerReadRefused',
    v,
    about: 'Somebody without the role asked to look into the ledger.',
    stream: 'read',
    payload: 'none',
    data: read,
  }),
];
