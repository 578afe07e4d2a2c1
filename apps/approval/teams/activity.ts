import { z } from 'zod';
import { ACTS } from '../acts.js';

const ID_MAX = 500;

const tenant = z.object({ tenant: z.object({ id: z.string().max(ID_MAX) }).optional() }).optional();

/** What we read of an activity of Bot Framework; everything else is left alone. */
export const activitySchema = z.object({
  type: z.string().max(100),
  name: z.string().max(100).optional(),
  channelId: z.string().max(100),
  serviceUrl: z.string().max(ID_MAX),
  from: z.object({ aadObjectId: z.string().max(100).optional() }).optional(),
  conversation: z.object({ id: z.string().max(ID_MAX), tenantId: z.string().max(100).optional() }).optional(),
  channelData: tenant,
  value: z.unknown(),
});

export type Activity = z.output<typeof activitySchema>;

/** The name of the invoke that a button of a card makes. */
export const CARD_ACTION = 'adaptiveCard/action';

/** A button of our card was pressed, or the card was looked at. */
export const cardActionSchema = z.object({
  action: z.object({
    verb: z.enum(['show', ...ACTS]),
    data: z.object({
      approvalId: z.string().max(100),
      digest: z.string().max(100).optional(),
      reason: z.string().max(2_000).optional(),
      /** The reason to break the glass, from a field of its own. */
      emergency: z.string().max(2_000).optional(),
    }),
  }),
  /** What the client brings after it was asked to sign in. */
  authentication: z.object({ token: z.string().optional() }).optional(),
});

export type CardAction = z.output<typeof cardActionSchema>;

/** Every tenant that the activity names; it must name one. */
export const tenantsOf = ({ conversation, channelData }: Activity): readonly string[] =>
  [conversation?.tenantId, channelData?.tenant?.id].filter((id) => id !== undefined);
