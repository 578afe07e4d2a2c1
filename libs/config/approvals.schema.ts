import { z } from 'zod';
import { loginSchema } from './login.schema.js';
import { notifySchema } from './notify.schema.js';
import { teamsSchema } from './teams.schema.js';

/** How long held calls wait, and whose tokens approve nothing. */
export const approvalsSchema = z
  .strictObject({
    hold_ms: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(55_000)
      .describe('how long a held call waits before its client must come back'),
    long_hold_ms: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(240_000)
      .describe('the same for clients that are known to wait for minutes (docs/clients.md)'),
    progress_ms: z
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(10_000)
      .describe('time between progress messages while a call is held'),
    reminders_s: z
      .array(z.number().int().min(1).max(86_400))
      .max(10)
      .refine((list) => list.every((each, at) => at === 0 || each > (list[at - 1] ?? 0)), 'must ascend')
      .default([300, 1_800, 14_400])
      .describe(
        'seconds after which people are reminded of an approval that still waits, ascending; [] for never',
      ),
    keep_ended_s: z
      .number()
      .int()
      .min(0)
      .max(2_592_000)
      .default(86_400)
      .describe('how long what has ended stays in memory and in lists; afterwards it is read from the log'),
    keep_ended_max: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('how many approvals, and delegations, that have ended stay in memory; each takes about 2 KB'),
    delegation_admins: z
      .array(z.string().min(1))
      .default(['operator'])
      .describe('policy roles that see all delegations and may revoke them'),
    machine_clients: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'OAuth clients of agents and services (* at the end: any ending); their tokens approve nothing, whoever they act for',
      ),
    machine_claims: z
      .record(z.string(), z.array(z.string()).min(1))
      .default({})
      .describe(
        'claims and the values by which agents’ tokens are known, for example { token_use: [agent] }',
      ),
    human_clients: z
      .array(z.string().min(1))
      .default(['countersign-cli'])
      .describe(
        'OAuth clients that people use for calls and for approvals; any other client that made a call cannot approve it',
      ),
    page_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('base address of the approval page as browsers know it; default: http.public_url'),
    login: loginSchema,
    notify: notifySchema,
    teams: teamsSchema,
  })
  .prefault({});
