import { z } from 'zod';
import {
  CATALOG_KINDS,
  type CatalogEntryHeld,
  type CatalogEntryPinned,
  type CatalogEntryRemoved,
  type CatalogEntryVoted,
} from '#core/catalog/catalog.events.js';
import type { ServersConfigured } from '#core/catalog/servers.events.js';
import type { PolicyActivated, PolicyRecorded } from '#core/policy/policy.events.js';
import type {
  UpstreamConsentGranted,
  UpstreamConsentRefused,
  UpstreamConsentRequested,
  UpstreamConsentRevoked,
} from '#core/upstream/consent.events.js';
import { vote } from './approval.schemas.js';
import { eventSchema } from './event-schema.js';
import { count, digest, digestOrNull, name, oneOf, text, texts } from './fields.js';

const v = 1;

const entry = {
  server: name('The upstream server.'),
  kind: oneOf(CATALOG_KINDS, 'Which list it stands in.'),
  name: name('Its name; of resources the URI or the URI template.'),
  digest: digest('Of its definition, RFC 8785.'),
};

const consent = {
  upstream: name('The upstream server.'),
  owner: oneOf(['gateway', 'caller'], 'Whose tokens: of the gateway for all, or of one caller.'),
};
const issuer = name('The authorization server.');

/** What the gateway works by: policy, catalog, servers and their consents. */
export const GATEWAY_SCHEMAS = [
  eventSchema<PolicyRecorded>({
    type: 'PolicyRecorded',
    v,
    about: 'A policy is seen for the first time. Payload: the compiled policy, RFC 8785.',
    stream: 'policy',
    payload: 'plain',
    data: {
      digest: digest('Of the compiled policy: of the payload.'),
      name: text('Name of the policy.'),
      semantics: count('Version of the rules by which a policy is evaluated.'),
    },
  }),
  eventSchema<PolicyActivated>({
    type: 'PolicyActivated',
    v,
    about: 'From here on calls are decided by this policy; the last one in the log holds.',
    stream: 'policy',
    payload: 'none',
    data: {
      digest: digest('Of the compiled policy.'),
      instance: name('The process of the policy service.'),
      by: oneOf(['file', 'proposal'], 'What asked for it; absent: the file, at each start.').optional(),
      proposal: name('The proposal that people approved; only with by: proposal.').optional(),
      replaces: digest('Of the policy that was active until then; absent for the first one.').optional(),
    },
  }),
  eventSchema<CatalogEntryHeld>({
    type: 'CatalogEntryHeld',
    v,
    about:
      'A server lists a definition that is not approved; it cannot be used. Payload: the definition, RFC 8785.',
    stream: 'catalog',
    payload: 'plain',
    data: {
      ...entry,
      because: oneOf(
        ['new', 'drifted', 'returned', 'collided', 'name'],
        'Why: new; changed; the approved one again after a change; taken for another name of the list; misleading characters.',
      ),
    },
  }),
  eventSchema<CatalogEntryPinned>({
    type: 'CatalogEntryPinned',
    v,
    about: 'The definition is approved and can be used. Payload: the definition, RFC 8785.',
    stream: 'catalog',
    payload: 'plain',
    data: {
      ...entry,
      by: oneOf(
        ['operator', 'configuration'],
        'Who approved it; the configuration may trust the first list.',
      ),
      reason: z.string().nullable().describe('Why, in words; null when nothing was said.'),
      replaces: digestOrNull('Of the definition approved before; null when there was none.'),
    },
  }),
  eventSchema<CatalogEntryVoted>({
    type: 'CatalogEntryVoted',
    v,
    about: 'One of several people who must approve a definition has done so; with the last one it is pinned.',
    stream: 'catalog',
    payload: 'none',
    data: {
      ...entry,
      needed: count('How many different people must approve it.'),
      replaces: digestOrNull('Of the definition approved before; null when there was none.'),
      vote: z.strictObject(vote).describe('Who approved it, and the digest that was shown.'),
    },
  }),
  eventSchema<CatalogEntryRemoved>({
    type: 'CatalogEntryRemoved',
    v,
    about: 'The server no longer lists an approved entry; it is held when it comes back.',
    stream: 'catalog',
    payload: 'none',
    data: entry,
  }),
  eventSchema<ServersConfigured>({
    type: 'ServersConfigured',
    v,
    about: 'A running ingress takes over servers of a changed configuration; once for each replica.',
    stream: 'gateway',
    payload: 'none',
    data: {
      added: texts('Servers that are new.'),
      by: z.literal('configuration').describe('What asked for it.'),
      changed: texts('Servers whose settings changed.'),
      digest: digest('Of the upstream section as written.'),
      removed: texts('Servers that are gone.'),
    },
  }),
  eventSchema<UpstreamConsentRequested>({
    type: 'UpstreamConsentRequested',
    v,
    about: 'Somebody asked for a link to consent at the authorization server of an upstream.',
    stream: 'consent',
    payload: 'none',
    data: consent,
  }),
  eventSchema<UpstreamConsentGranted>({
    type: 'UpstreamConsentGranted',
    v,
    about: 'The authorization server has given tokens: on record before they are kept or used.',
    stream: 'consent',
    payload: 'none',
    data: { ...consent, issuer, scope: text('What was asked for; empty when the server chose.') },
  }),
  eventSchema<UpstreamConsentRefused>({
    type: 'UpstreamConsentRefused',
    v,
    about: 'The answer was a refusal, or was not accepted.',
    stream: 'consent',
    payload: 'none',
    data: { ...consent, reason: text('Why.') },
  }),
  eventSchema<UpstreamConsentRevoked>({
    type: 'UpstreamConsentRevoked',
    v,
    about: 'The consent is withdrawn: on record before the tokens are removed.',
    stream: 'consent',
    payload: 'none',
    data: { ...consent, issuer },
  }),
];
