import { createHash } from 'node:crypto';
import type { SecretRef } from '#config/secret.schema.js';
import type { UpstreamCaller } from '#mcp/upstream/upstream-auth.types.js';
import type { UpstreamContext } from '../upstream-context.js';

/** Token types of RFC 8693 section 3. */
export const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:';
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

interface SubjectConfig {
  readonly gateway_token?: SecretRef | undefined;
}

/** The token that is exchanged: the caller's, or the gateway's own for requests that no caller makes. */
export const subjectToken = (
  { readSecret }: UpstreamContext,
  { gateway_token }: SubjectConfig,
  caller: UpstreamCaller | undefined,
): string => {
  if (caller !== undefined) return caller.token;
  if (gateway_token === undefined) throw new TypeError('the gateway has no subject token of its own');
  return readSecret(gateway_token);
};

/** What was got for one token is not used for another: the new one may say less. */
export const keyOfSubject =
  ({ gateway_token }: SubjectConfig) =>
  (caller: UpstreamCaller | undefined): string | undefined => {
    if (caller === undefined) return gateway_token === undefined ? undefined : 'gateway';
    return createHash('sha256').update(caller.token).digest('base64url');
  };
