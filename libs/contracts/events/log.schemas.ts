import { z } from 'zod';
import type { CheckpointCosigned, CheckpointRecorded, CheckpointTimestamped } from '#core/log/log.events.js';
import { eventSchema } from './event-schema.js';
import { count, name } from './fields.js';

const v = 1;

const checkpoint = {
  size: count('Entries of the tree: the first so many of the store, in store order.'),
  root: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .describe('Root of the tree (RFC 6962), base64 as in the checkpoint.'),
};

/** What the Merkle log writes about itself. */
export const LOG_SCHEMAS = [
  eventSchema<CheckpointRecorded>({
    type: 'CheckpointRecorded',
    v,
    about: 'The tree over the first entries has this root: on record before the checkpoint is signed.',
    stream: 'log',
    payload: 'none',
    data: { ...checkpoint, origin: name('Name of the log, first line of its checkpoints.') },
  }),
  eventSchema<CheckpointCosigned>({
    type: 'CheckpointCosigned',
    v,
    about: 'A witness has cosigned a checkpoint; its signature was verified.',
    stream: 'log',
    payload: 'none',
    data: {
      ...checkpoint,
      line: z
        .string()
        .regex(/^— .*\n$/)
        .describe('The signature line of the note, with its newline.'),
      witness: name('Key name of the witness.'),
    },
  }),
  eventSchema<CheckpointTimestamped>({
    type: 'CheckpointTimestamped',
    v,
    about: 'A time-stamp authority has stamped a checkpoint. Payload: its token (RFC 3161, DER).',
    stream: 'log',
    payload: 'plain',
    data: {
      ...checkpoint,
      authority: name('Address of the authority.'),
      imprint: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe(
          'SHA-256 of what was stamped, the text of the checkpoint without signatures, in lower-case hex.',
        ),
    },
  }),
];
