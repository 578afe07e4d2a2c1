import { z } from 'zod';

const people = z.number().int().min(1).max(5);

/** What of the servers' lists is pinned, and how many operators it takes. */
export const catalogSchema = z
  .strictObject({
    pin: z
      .array(z.enum(['tools', 'prompts', 'resources', 'resourceTemplates']))
      .default(['tools', 'prompts', 'resourceTemplates'])
      .describe(
        'lists whose entries need an approval. Resources come and go, so they are left to the policy unless named here',
      ),
    pin_approvals: people
      .default(1)
      .describe('how many different operators must approve an entry that was never approved'),
    repin_approvals: people
      .optional()
      .describe(
        'how many different operators must approve a definition that takes the place of an approved one, or brings it ' +
          'back. Default: 2, in development mode 1',
      ),
  })
  .prefault({});
