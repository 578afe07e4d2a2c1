import { z } from 'zod';
import { secret } from './secret.schema.js';

const type = <Name extends string>(name: Name) =>
  z.literal(name).describe('how the gateway authenticates at this server');

const scopes = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'one scope an entry'))
  .default([])
  .describe('scopes to ask for; empty asks for what the server says');

const issuer = z
  .url({ protocol: /^https?$/ })
  .describe('the one authorization server that credentials may be sent to; its exact issuer identifier');

/** One of client_secret and private_key, or neither for a public client. */
const client = {
  client_id: z.string().min(1).describe('the gateway as the authorization server knows it'),
  client_secret: secret.optional().describe('where the client secret is found'),
  client_auth: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .optional()
    .describe('how the secret is sent; default: basic, unless the server says it takes only post'),
  private_key: secret.optional().describe('PEM (PKCS #8) for private_key_jwt, instead of a secret'),
  algorithm: z
    .enum(['RS256', 'PS256', 'ES256', 'ES384'])
    .default('ES256')
    .describe('signature of private_key_jwt'),
};

const resource = z
  .url()
  .optional()
  .describe('resource indicator (RFC 8707); default: what the server’s metadata says');

const subjectTokenType = z
  .enum(['access_token', 'id_token', 'jwt'])
  .default('access_token')
  .describe('what the caller’s token is to the authorization server');

const gatewayToken = secret
  .optional()
  .describe('subject token for the gateway’s own requests (lists); without it they carry no credential');

/** Framing and sessions hang on these. */
const RESERVED =
  /^(?:accept|accept-encoding|connection|content-.*|cookie|host|last-event-id|mcp-.*|transfer-encoding|upgrade)$/i;

/** How the gateway authenticates at an upstream server over HTTP. */
export const upstreamAuth = z
  .discriminatedUnion('type', [
    z.strictObject({ type: type('none') }),
    z.strictObject({
      type: type('header'),
      name: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)
        .refine((header) => !RESERVED.test(header), 'a header of the protocol')
        .default('authorization')
        .describe('name of the header'),
      value: secret.describe('where the whole value of the header is found'),
    }),
    z.strictObject({
      type: type('client_credentials'),
      issuer: issuer.optional(),
      ...client,
      scopes,
      resource,
    }),
    z.strictObject({
      type: type('authorization_code'),
      consent: z
        .enum(['shared', 'per_caller'])
        .describe('shared: an operator consents once for all; per_caller: each user consents'),
      issuer: issuer.optional(),
      ...client,
      client_id: client.client_id.optional(),
      client_metadata_url: z
        .url({ protocol: /^https$/ })
        .optional()
        .describe('client ID metadata document; default: the gateway’s own, where the server takes one'),
      scopes,
      resource,
    }),
    z.strictObject({
      type: type('token_exchange'),
      issuer,
      ...client,
      audience: z.string().optional().describe('audience of the exchanged token (RFC 8693)'),
      subject_token_type: subjectTokenType,
      gateway_token: gatewayToken,
      scopes,
      resource,
    }),
    z.strictObject({
      type: type('id_jag'),
      idp: z
        .strictObject({ issuer, ...client })
        .describe('the identity provider that turns the caller’s token into an ID-JAG'),
      issuer: issuer.optional(),
      ...client,
      subject_token_type: subjectTokenType,
      gateway_token: gatewayToken,
      scopes,
      resource,
    }),
  ])
  .default({ type: 'none' })
  .describe('how the gateway authenticates at this server; the caller’s token never goes there');

export type UpstreamAuthConfig = z.output<typeof upstreamAuth>;
export type OAuthConfig = Exclude<UpstreamAuthConfig, { type: 'none' | 'header' }>;
export type ClientConfig = Pick<
  Extract<UpstreamAuthConfig, { type: 'authorization_code' }>,
  'client_id' | 'client_secret' | 'client_auth' | 'private_key' | 'algorithm'
>;

export const outbound = z
  .strictObject({
    allow: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'address ranges and host names that may be reached besides public addresses; development adds this machine',
      ),
  })
  .prefault({});
