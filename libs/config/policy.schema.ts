import { z } from 'zod';

/** Who may change the policy. */
export const policySchema = z
  .strictObject({
    owners: z
      .array(z.string().min(1))
      .min(1)
      .default(['policy-owner'])
      .describe(
        'policy roles that may propose another policy and approve what somebody else has proposed; of the active policy',
      ),
    vote_ms: z
      .number()
      .int()
      .min(60_000)
      .max(30 * 86_400_000)
      .default(7 * 86_400_000)
      .describe('how long a proposed policy waits for that approval'),
  })
  .prefault({});
