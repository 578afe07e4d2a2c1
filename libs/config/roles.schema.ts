import { z } from 'zod';

/** Which roles of the policy file may read and run the gateway itself. */
export const roles = z
  .strictObject({
    examiner: z.array(z.string()).default(['examiner']).describe('policy roles that may read the ledger'),
    auditor: z
      .array(z.string())
      .default(['auditor'])
      .describe('policy roles that may read who did what under which decision, never arguments or results'),
    operator: z.array(z.string()).default(['operator']).describe('policy roles that run the gateway'),
  })
  .prefault({});
