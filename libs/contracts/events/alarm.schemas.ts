import { z } from 'zod';
import type { AlarmKind, AlarmRaised } from '#core/alarm/alarm.events.js';
import { eventSchema } from './event-schema.js';
import { object, text } from './fields.js';

export const ALARM_SCHEMAS = [
  eventSchema<AlarmRaised>({
    type: 'AlarmRaised',
    v: 1,
    about:
      'Somebody or something touched the record itself, or did what others must look at. The stream is named after the finding.',
    stream: 'alarm',
    payload: 'none',
    data: {
      // Kinds may be added at any time, so the schema tells their form and the page their list.
      kind: (z.string().regex(/^[a-z][a-z0-9_]*$/) as unknown as z.ZodType<AlarmKind>).describe(
        'What was found. One of the kinds of docs/operations.md.',
      ),
      detail: text('What was found and what it means, for a person.'),
      about: object('Where: stream, position, sizes. With the kind it tells one finding from another.'),
    },
  }),
];
