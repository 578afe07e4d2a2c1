import { z } from 'zod';
import { approvalsSchema } from './approvals.schema.js';
import { budgetsSchema } from './budget.schema.js';
import { catalogSchema } from './catalog.schema.js';
import { disclosuresSchema } from './disclosures.schema.js';
import { logSchema } from './log.schema.js';
import { policySchema } from './policy.schema.js';
import { roles } from './roles.schema.js';
import { type SecretRef, secret } from './secret.schema.js';
import { outbound, upstreamAuth } from './upstream-auth.schema.js';

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
  .describe('part of the endpoint /mcp/<name> and of the tools’ names in the policy');

const KINDS = 'http: Streamable HTTP; sse: HTTP+SSE of 2024-11-05; stdio: a supervised child process';

const firstApproval = z
  .enum(['approve', 'trust-first'])
  .optional()
  .describe(
    'who approves what a server lists first: an operator, or this setting (its first list of tools, of prompts ... is ' +
      'pinned as it is); later changes are always an operator’s. Default: approve, in development mode trust-first',
  );

/** What every upstream has, whatever its transport. */
const anyUpstream = {
  era: z
    .enum(['auto', 'legacy', 'modern'])
    .default('auto')
    .describe(
      'legacy: begins with initialize; modern: 2026-07-28; auto: the server is asked at each connection',
    ),
  server_requests: z
    .array(z.enum(['elicitation/create', 'sampling/createMessage', 'roots/list']))
    .default([])
    .describe('what the server may ask of callers; policy decides on each'),
  timeout_ms: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(20_000)
    .describe('from sending a call to the whole answer; open questions of the server not counted'),
  catalog: firstApproval,
};

const httpUpstream = z.strictObject({
  name,
  transport: z.enum(['http', 'sse']).describe(KINDS),
  url: z.url({ protocol: /^https?$/ }).describe('Streamable HTTP endpoint, or the event stream of sse'),
  headers: z
    .record(z.string(), secret)
    .default({})
    .describe('static headers, values by reference; the caller’s token is never passed on'),
  auth: upstreamAuth,
  ...anyUpstream,
});

const stdioUpstream = z.strictObject({
  name,
  transport: z.literal('stdio').describe(KINDS),
  command: z.string().describe('program; `node` means the Node that runs the gateway'),
  args: z.array(z.string()).default([]).describe('arguments of the program'),
  cwd: z.string().optional().describe('working folder of the child'),
  env: z
    .record(z.string(), z.union([z.string(), secret]))
    .default({})
    .describe('the child sees these variables and PATH, nothing else'),
  ...anyUpstream,
});

const issuer = z.strictObject({
  issuer: z.url().describe('exact value of iss; its discovery document names the keys'),
  audiences: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'further aud values accepted from this issuer at every endpoint, if it cannot name the endpoint (RFC 8707)',
    ),
  groups_claim: z
    .string()
    .default('groups')
    .describe(
      'claim that lists the groups, as name, path (realm_access.roles) or JSON Pointer; missing means no groups',
    ),
  principal_claim: z
    .string()
    .default('preferred_username')
    .describe('claim that names the person in records; falls back to sub'),
  human_claim: z
    .string()
    .min(1)
    .optional()
    .describe(
      'claim that is the same for all accounts of one human (employee number, oid, verified email), at every issuer that ' +
        'names one; recorded. Approvals compare it besides issuer and sub; without it two accounts are two people',
    ),
});

const scopes = (says: string) =>
  z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'an OAuth scope (RFC 6749 section 3.3)'))
    .default([])
    .describe(says);

export const configSchema = z.strictObject({
  mode: z
    .enum(['development', 'production'])
    .default('production')
    .describe('development allows the development issuer and plain-HTTP issuers'),
  data_dir: z.string().default('./data').describe('embedded store, projection and keys'),
  policy_file: z
    .string()
    .describe(
      'the policy (YAML); activated at the first start, and in development mode at each start with a changed file. Else ' +
        'people propose and approve another one',
    ),
  policy: policySchema,
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('address to listen on'),
      port: z
        .number()
        .int()
        .min(0)
        .max(65_535)
        .default(8080)
        .describe('port to listen on; 0 takes a free one'),
      public_url: z
        .url()
        .optional()
        .describe('address that clients use; resource identifiers (RFC 8707) start with it'),
      allowed_origins: z
        .array(z.string())
        .default([])
        .describe('browser origins allowed besides the public address (DNS rebinding guard)'),
      allowed_hosts: z
        .array(z.string())
        .default([])
        .describe('host names, without port, that requests may name besides the public address'),
    })
    .prefault({}),
  identity: z
    .strictObject({
      issuers: z.array(issuer).default([]).describe('OpenID providers whose tokens are accepted'),
      algorithms: z
        .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']))
        .default(['RS256', 'PS256', 'ES256'])
        .describe('signature algorithms accepted in tokens'),
      clock_skew_s: z
        .number()
        .int()
        .min(0)
        .max(120)
        .default(30)
        .describe('how far nbf and iat may lie in the future; exp gets no tolerance'),
      token_cache_max: z
        .number()
        .int()
        .min(0)
        .max(1_000_000)
        .default(10_000)
        .describe('verified tokens remembered by hash until they expire'),
      scopes: z
        .strictObject({
          mcp: scopes('scopes that every request to an MCP endpoint needs'),
          rest: scopes('scopes that every request to a REST edge needs'),
          servers: z
            .record(
              z.string(),
              z.strictObject({
                read: scopes('scopes that reading operations of this server need'),
                write: scopes('scopes that writing operations of this server need'),
              }),
            )
            .default({})
            .describe('per server: { read: [...], write: [...] }, needed besides those of mcp'),
          implies: z
            .record(z.string(), z.array(z.string()))
            .default({})
            .describe('scopes that a scope contains, for example { bank.write: [bank.read] }'),
        })
        .prefault({}),
      dpop: z
        .enum(['off', 'optional', 'required'])
        .default('off')
        .describe('tokens bound to a key of the client (RFC 9449); required refuses bearer tokens'),
      dpop_nonce: secret
        .optional()
        .describe(
          'secret shared by all replicas (16 characters or more); with it proofs need a nonce of ours',
        ),
    })
    .prefault({}),
  bus: z
    .strictObject({
      servers: z.array(z.string()).default([]).describe('NATS servers; empty in the standalone shape'),
      user: z.string().optional().describe('NATS user of this service'),
      password: secret.optional(),
      tls_ca_file: z.string().optional().describe('certificate authority of the NATS servers'),
    })
    .prefault({}),
  event_store: z
    .strictObject({
      url: z
        .string()
        .optional()
        .describe('kurrentdb://... or esdb://...; without it the embedded SQLite store in data_dir'),
      user: z.string().min(1).optional().describe('whom the ledger logs in as at the event store'),
      password: secret.optional().describe('password of that user, by reference'),
    })
    .prefault({}),
  jobs: z
    .strictObject({
      redis_url: z
        .string()
        .optional()
        .describe('redis://...; without it timers live in the approval process and are rebuilt from the log'),
    })
    .prefault({}),
  upstreams: z
    .array(z.discriminatedUnion('transport', [httpUpstream, stdioUpstream]))
    .default([])
    .describe('the servers agents may reach; changes take effect without a restart'),
  catalog: catalogSchema,
  outbound,
  approvals: approvalsSchema,
  limits: z
    .strictObject({
      request_bytes_max: z
        .number()
        .int()
        .min(1_024)
        .max(8 * 1024 * 1024)
        .default(1024 * 1024)
        .describe('larger requests are refused unread'),
      result_bytes_max: z
        .number()
        .int()
        .min(1_024)
        .max(4 * 1024 * 1024)
        .default(4 * 1024 * 1024)
        .describe('larger results are withheld'),
      calls_in_flight_max: z.number().int().min(1).max(100_000).default(1_024).describe('more answers busy'),
      json_depth_max: z.number().int().min(4).max(64).default(64).describe('nesting of a request'),
      budgets: budgetsSchema,
    })
    .prefault({}),
  roles,
  log: logSchema,
  disclosures: disclosuresSchema,
  demo: z
    .boolean()
    .default(false)
    .describe('start the development issuer and the synthetic bank; development mode only'),
  log_level: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('what is written to stderr'),
});

export type Config = z.output<typeof configSchema>;
export type UpstreamConfig = Config['upstreams'][number];
export type { SecretRef };
