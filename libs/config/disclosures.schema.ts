import { z } from 'zod';

export const disclosuresSchema = z
  .strictObject({
    approvers: z
      .array(z.string())
      .default(['examiner'])
      .describe(
        'policy roles of which another person must approve before an examiner opens a sealed original',
      ),
    vote_ms: z
      .number()
      .int()
      .min(60_000)
      .max(30 * 86_400_000)
      .default(86_400_000)
      .describe('how long a request to open a sealed original waits for that approval'),
    box_ms: z
      .number()
      .int()
      .min(1_000)
      .max(86_400_000)
      .default(900_000)
      .describe('how long after the approval the original may be opened'),
  })
  .prefault({});
