import { z } from 'zod';
import { secret } from './secret.schema.js';

const TARGETS_MAX = 20;

const objectId = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'an id of Entra ID')
  .transform((id) => id.toLowerCase());

const target = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
      .describe('never give the name of one target to another: what was told is on record under it'),
    channel: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('id of a channel of a team (19:...@thread.tacv2); each approval is a thread there'),
    person: objectId
      .optional()
      .describe('object id of a person, who is written to in their chat with the bot'),
    roles: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('told only of approvals that wait for one of these roles; default: of all'),
  })
  .refine(
    ({ channel, person }) => (channel === undefined) !== (person === undefined),
    'either channel or person',
  );

const people = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .optional()
      .describe('YAML: object id to { issuer, subject, principal, human, groups }; read anew for each vote'),
    sso: z
      .strictObject({
        issuer: z.url().describe('one of identity.issuers, with human_claim: oid: the issuer of the tenant'),
        audience: z
          .string()
          .min(1)
          .describe('application id URI of the bot (api://...), the aud of its sign-in tokens'),
        connection: z.string().min(1).default('countersign').describe('name that the Teams client is told'),
      })
      .optional()
      .describe('single sign-on: the client of Teams brings a token of the person, whose groups count'),
  })
  .refine(({ file, sso }) => (file === undefined) !== (sso === undefined), 'either file or sso')
  .describe('who people of Teams are, and their groups: by single sign-on or by a file');

/** The bot for Microsoft Teams. */
export const teamsSchema = z
  .strictObject({
    app_id: objectId.describe('application (client) id of the bot'),
    app_secret: secret,
    tenant: objectId.describe('the only tenant whose people and channels are served'),
    service_url: z
      .url({ protocol: /^https?$/ })
      .default('https://smba.trafficmanager.net/teams/')
      .describe('Bot Connector; smba.trafficmanager.net/emea/ and others by region'),
    token_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('where the bot gets its token; default: that of the tenant at login.microsoftonline.com'),
    scope: z.string().min(1).default('https://api.botframework.com/.default').describe('scope of that token'),
    issuer: z
      .string()
      .min(1)
      .default('https://api.botframework.com')
      .describe('exact iss of the tokens that Bot Framework sends messages with'),
    openid_metadata: z
      .url({ protocol: /^https?$/ })
      .default('https://login.botframework.com/v1/.well-known/openidconfiguration')
      .describe('where the keys of those tokens are found'),
    people,
    to: z
      .array(target)
      .min(1)
      .max(TARGETS_MAX)
      .refine(
        (all) => new Set(all.map(({ name }) => name)).size === all.length,
        'two targets have the same name',
      )
      .describe('who gets a card for each approval'),
  })
  .optional()
  .describe('bot for Microsoft Teams; without it there is none');

export type TeamsConfig = NonNullable<z.output<typeof teamsSchema>>;
export type TeamsTarget = TeamsConfig['to'][number];
