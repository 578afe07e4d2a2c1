import { z } from 'zod';
import { budgetsSchema } from './budget.schema.js';

/** A secret is never written into the configuration: it is named by environment variable or file. */
const secret = z
  .union([
    z.strictObject({ env: z.string().describe('environment variable') }),
    z.strictObject({ file: z.string().describe('path') }),
  ])
  .describe('where the secret is found');

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
  .describe('part of the endpoint /mcp/<name> and of the tools’ names in the policy');

const firstApproval = z
  .enum(['approve', 'trust-first'])
  .optional()
  .describe(
    'who approves what a server lists first: an operator, or this setting (its first list of tools, of prompts ... is ' +
      'pinned as it is); later changes are always an operator’s. Default: approve, in development mode trust-first',
  );

const httpUpstream = z.strictObject({
  name,
  transport: z.literal('http').describe('http: Streamable HTTP; stdio: a supervised child process'),
  url: z.url({ protocol: /^https?$/ }).describe('Streamable HTTP endpoint'),
  headers: z
    .record(z.string(), secret)
    .default({})
    .describe('static headers, values by reference; the caller’s token is never passed on'),
  timeout_ms: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(20_000)
    .describe('from sending a call to the whole answer'),
  catalog: firstApproval,
});

const stdioUpstream = z.strictObject({
  name,
  transport: z.literal('stdio').describe('http: Streamable HTTP; stdio: a supervised child process'),
  command: z.string().describe('program; `node` means the Node that runs the gateway'),
  args: z.array(z.string()).default([]).describe('arguments of the program'),
  cwd: z.string().optional().describe('working folder of the child'),
  env: z
    .record(z.string(), z.union([z.string(), secret]))
    .default({})
    .describe('the child sees these variables and PATH, nothing else'),
  timeout_ms: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(20_000)
    .describe('from sending a call to the whole answer'),
  catalog: firstApproval,
});

const issuer = z.strictObject({
  issuer: z.url().describe('exact value of iss; its discovery document names the keys'),
  groups_claim: z.string().default('groups').describe('claim that lists the groups; missing means no groups'),
  principal_claim: z
    .string()
    .default('preferred_username')
    .describe('claim that names the person in records; falls back to sub'),
});

export const configSchema = z.strictObject({
  mode: z
    .enum(['development', 'production'])
    .default('production')
    .describe('development allows the development issuer and plain-HTTP issuers'),
  data_dir: z.string().default('./data').describe('embedded store, projection and keys'),
  policy_file: z.string().describe('the policy (YAML)'),
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
  catalog: z
    .strictObject({
      pin: z
        .array(z.enum(['tools', 'prompts', 'resources', 'resourceTemplates']))
        .default(['tools', 'prompts', 'resourceTemplates'])
        .describe(
          'lists whose entries need an approval. Resources come and go, so they are left to the policy unless named here',
        ),
    })
    .prefault({}),
  approvals: z
    .strictObject({
      hold_ms: z
        .number()
        .int()
        .min(0)
        .max(600_000)
        .default(55_000)
        .describe('how long a held call waits before it answers "pending"'),
      progress_ms: z
        .number()
        .int()
        .min(100)
        .max(60_000)
        .default(10_000)
        .describe('time between progress messages while a call is held'),
    })
    .prefault({}),
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
  roles: z
    .strictObject({
      examiner: z.array(z.string()).default(['examiner']).describe('policy roles that may read the ledger'),
      operator: z.array(z.string()).default(['operator']).describe('policy roles that run the gateway'),
    })
    .prefault({}),
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
export type SecretRef = z.output<typeof secret>;
