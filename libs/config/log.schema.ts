import { z } from 'zod';
import { secret } from './secret.schema.js';

const witness = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('submission prefix of the witness (C2SP tlog-witness)'),
  key: z.string().describe('its verifier key, name+id+key, as the witness prints it'),
});

export const logSchema = z
  .strictObject({
    origin: z
      .string()
      .regex(/^[^\s+]{1,200}$/, 'no spaces and no plus')
      .optional()
      .describe(
        'name of the Merkle log, for all time. Default: host of http.public_url, or http.host, and /countersign',
      ),
    key: secret
      .optional()
      .describe(
        'private Ed25519 key (JWK) that signs checkpoints, the same for all replicas. Default: made once in data_dir/keys',
      ),
    checkpoint_every_ms: z
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(1_000)
      .describe('time between checkpoints while something is recorded'),
    heartbeat_every_ms: z
      .number()
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(60_000)
      .describe('time between checkpoints while nothing is, so that silence is seen'),
    tiles: z
      .enum(['examiner', 'public'])
      .default('examiner')
      .describe('who may read checkpoint and tiles of hashes; entries always need the role'),
    witnesses: z
      .array(witness)
      .default([])
      .describe('asked to cosign, besides those of policy_file that have an address'),
    policy_file: z
      .string()
      .optional()
      .describe('C2SP tlog-policy: which witnesses make a quorum. Default: all of witnesses'),
    timestamp_authority: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).describe('RFC 3161 over HTTP'),
        every_s: z
          .number()
          .int()
          .min(60)
          .max(86_400)
          .default(3_600)
          .describe('a checkpoint is stamped this often, and at the end of each UTC day'),
      })
      .optional(),
  })
  .prefault({});

export type LogConfig = z.output<typeof logSchema>;
