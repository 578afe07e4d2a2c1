import { z } from 'zod';
import type {
  DisclosureDenied,
  DisclosureGranted,
  DisclosureOpened,
  DisclosureRequested,
  DisclosureVoted,
} from '#core/disclosure/disclosure.events.js';
import { person, vote } from './approval.schemas.js';
import { requirements } from './call.schemas.js';
import { eventSchema } from './event-schema.js';
import { count, digest, instant, name, text } from './fields.js';

const stream = 'disclosure';
const v = 1;
const payload = 'none';

export const DISCLOSURE_SCHEMAS = [
  eventSchema<DisclosureRequested>({
    type: 'DisclosureRequested',
    v,
    about: 'An examiner asks to open the sealed original behind a masked result.',
    stream,
    payload,
    data: {
      callId: name('The call.'),
      eventId: name('The event whose payload is asked for.'),
      commit: digest('What that event commits to.'),
      digest: digest('What the approval binds: all else that is said here, RFC 8785.'),
      requester: z
        .strictObject({ ...person, client: text('The OAuth client that the token was issued to.') })
        .describe('Who asks.'),
      reason: text('Why, in their words.'),
      requirements: requirements('Each must be met.'),
      expiresAt: instant('From then on no vote counts.'),
      box_ms: count('Milliseconds after the grant in which it may be opened.'),
    },
  }),
  eventSchema<DisclosureVoted>({
    type: 'DisclosureVoted',
    v,
    about: 'Another person has voted.',
    stream,
    payload,
    data: vote,
  }),
  eventSchema<DisclosureGranted>({
    type: 'DisclosureGranted',
    v,
    about: 'Every requirement is met, by the vote in the same append.',
    stream,
    payload,
    data: { digest: digest('What is approved.'), until: instant('Until when it may be opened.') },
  }),
  eventSchema<DisclosureDenied>({
    type: 'DisclosureDenied',
    v,
    about: 'One person has said no, by the vote in the same append.',
    stream,
    payload,
    data: { reason: text('Why, in their words.') },
  }),
  eventSchema<DisclosureOpened>({
    type: 'DisclosureOpened',
    v,
    about: 'The original is about to be shown: on record each time, before it is.',
    stream,
    payload,
    data: {
      by: z.strictObject(person).describe('Who sees it.'),
      commit: digest('Commitment of what is shown.'),
    },
  }),
];
