import { z } from 'zod';

/** A secret is never written into the configuration: it is named by environment variable or file. */
export const secret = z
  .union([
    z.strictObject({ env: z.string().describe('environment variable') }),
    z.strictObject({ file: z.string().describe('path') }),
  ])
  .describe('where the secret is found');

export type SecretRef = z.output<typeof secret>;
