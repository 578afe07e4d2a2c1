import { z } from 'zod';
import type {
  DelegationGranted,
  DelegationRevoked,
  DelegationUsed,
} from '#core/delegation/delegation.events.js';
import { person } from './approval.schemas.js';
import { eventSchema } from './event-schema.js';
import { count, instant, name, text, texts } from './fields.js';

const stream = 'delegation';
const v = 1;

export const DELEGATION_SCHEMAS = [
  eventSchema<DelegationGranted>({
    type: 'DelegationGranted',
    v,
    about: 'For a time somebody lets another person vote with their roles.',
    stream,
    payload: 'none',
    data: {
      delegator: z.strictObject(person).describe('Whose roles they are.'),
      delegate: z.strictObject(person).describe('Who may vote with them.'),
      roles: texts('Which roles.'),
      from: instant('When it begins.'),
      until: instant('When it ends.'),
      uses: count('How many votes at most; absent: any number.').optional(),
      servers: texts('Calls of these servers only; absent: of all.').optional(),
      tools: texts('Calls of these tools only, as server/tool; absent: of all.').optional(),
      reason: text('Why, in their words.'),
    },
  }),
  eventSchema<DelegationUsed>({
    type: 'DelegationUsed',
    v,
    about: 'The delegate is about to vote; on record before the vote.',
    stream,
    payload: 'none',
    data: { approvalId: name('What they vote on.'), use: count('1, 2, ...') },
  }),
  eventSchema<DelegationRevoked>({
    type: 'DelegationRevoked',
    v,
    about: 'It is taken back before its time.',
    stream,
    payload: 'none',
    data: {
      by: z.strictObject(person).describe('Who did.'),
      reason: text('Why, in their words; may be empty.'),
    },
  }),
];
