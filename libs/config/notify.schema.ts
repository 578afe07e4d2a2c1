import { z } from 'zod';
import { NOTICE_KINDS } from '#core/notice/notice.events.js';
import { secret } from './secret.schema.js';

const CHANNELS_MAX = 10;
const SECRETS_MAX = 4;
const ADDRESSES_MAX = 50;

const kinds = (...byDefault: readonly (typeof NOTICE_KINDS)[number][]) =>
  z
    .array(z.enum(NOTICE_KINDS))
    .min(1)
    .default([...byDefault])
    .describe('what is told');

const roles = z
  .array(z.string().min(1))
  .min(1)
  .optional()
  .describe('told only of approvals that wait for one of these roles; default: of all');

const webhook = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
    .describe('never give the name of one endpoint to another: what was delivered is on record under it'),
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '' && new URL(url).password === '', 'no credentials here')
    .describe('https; plain HTTP and private addresses only where outbound.allow lists the host'),
  secrets: z
    .array(secret)
    .min(1)
    .max(SECRETS_MAX)
    .describe(
      'whsec_... with 24 to 64 bytes in base64; every one signs, so that a receiver can change over in its own time',
    ),
  kinds: kinds(...NOTICE_KINDS),
  roles,
  arguments: z.boolean().default(false).describe('whether the masked arguments are sent as well'),
});

const mail = z.strictObject({
  smtp: z.strictObject({
    host: z
      .string()
      .min(1)
      .describe(
        'the server that takes mail from the gateway; one with private addresses only where outbound.allow lists it',
      ),
    port: z.number().int().min(1).max(65_535).default(587).describe('its port'),
    tls: z
      .enum(['starttls', 'implicit', 'none'])
      .default('starttls')
      .describe(
        'starttls: nothing is sent without it; implicit: TLS from the first byte; none: in development mode only',
      ),
    ca_file: z.string().optional().describe('certificate authorities (PEM) instead of those of the system'),
    user: z.string().min(1).optional().describe('whom to log in as; without it nobody'),
    password: secret.optional(),
  }),
  from: z.email().describe('address of the sender'),
  to: z
    .record(z.string(), z.array(z.email()).min(1).max(ADDRESSES_MAX))
    .describe('addresses by role: who is told of approvals that wait for this role'),
  kinds: kinds('requested', 'reminder', 'escalated', 'review'),
  details: z
    .boolean()
    .default(true)
    .describe(
      'whether a mail says who asks for which tool and why; false: only that something waits, and the link',
    ),
});

/** Who is told that approvals wait, and how. */
export const notifySchema = z
  .strictObject({
    webhooks: z
      .array(webhook)
      .max(CHANNELS_MAX)
      .default([])
      .refine(
        (all) => new Set(all.map(({ name }) => name)).size === all.length,
        'two endpoints have the same name',
      )
      .describe('endpoints that get a signed POST (Standard Webhooks) for each notice'),
    mail: mail.optional().describe('mail by SMTP with a link to the page where a person decides'),
  })
  .prefault({});

export type NotifyConfig = z.output<typeof notifySchema>;
export type MailConfig = NonNullable<NotifyConfig['mail']>;
export type WebhookConfig = NotifyConfig['webhooks'][number];
