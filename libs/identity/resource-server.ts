import { CountersignError, ERRORS } from '#core/errors.js';
import type { Caller } from './caller.js';
import { credentialOf, type Scheme } from './credential.js';
import { createDpopNonces, type DpopNonces } from './dpop-nonce.js';
import { verifyProof } from './dpop-proof.js';
import { createReplayGuard } from './dpop-replay.js';
import { type HttpHead, headerValues, pathOf } from './http-head.js';
import type { IdentityOptions } from './identity-options.js';
import {
  type DpopMode,
  mcpResource,
  type ProtectedResource,
  protectedResourceMetadata,
  restResource,
  wwwAuthenticate,
} from './protected-resource.js';
import { missingScopes, requiredScopes, ScopeMissing, type ScopeOptions } from './scopes.js';
import type { TokenVerifier } from './token-verifier.js';

export interface ResourceServerOptions {
  readonly identity: Pick<IdentityOptions, 'issuers' | 'clock_skew_s'> & {
    readonly scopes: ScopeOptions;
    readonly dpop: DpopMode;
  };
  readonly verifier: TokenVerifier;
  /** Address of this process as clients know it; proofs of possession name it. */
  readonly publicUrl: () => string;
  /** Shared by all replicas; with it every proof needs a nonce made from it. */
  readonly dpopNonceSecret?: string | undefined;
}

/** The gateway as OAuth 2.0 resource server: the one way in at every HTTP edge (MCP basic/authorization). */
export interface ResourceServer {
  /** The MCP endpoint of one server, or the united one. */
  mcp(server: string | undefined): ProtectedResource;
  /** The REST edges of this process. */
  rest(): ProtectedResource;
  /**
   * Who sends this request, to this resource: one credential in the Authorization header, and for a bound token a proof.
   * Scopes are a step of their own, so that a refusal for want of one names the caller.
   * @throws CountersignError token_missing, token_invalid, token_expired, token_in_query, token_repeated, groups_overage,
   *   dpop_invalid, dpop_nonce_missing, busy, identity_unavailable
   */
  authenticate(head: HttpHead, resource: ProtectedResource): Promise<Caller>;
  /**
   * What an operation needs, the endpoint's scopes included; ask when policy has said which kind of operation it is.
   */
  operationScopes(server: string, kind: 'read' | 'write'): readonly string[];
  /**
   * Checks the scopes of the endpoint (`resource.scopes`) or of an operation (`operationScopes`).
   * @throws ScopeMissing naming ALL of `required` unless the caller holds or is implied every one of them
   */
  requireScopes(caller: Caller, required: readonly string[]): void;
  /** Headers that belong to the answer of a refusal; none when it is not about the token. */
  challenge(refusal: CountersignError, resource: ProtectedResource): Readonly<Record<string, string>>;
  /** The RFC 9728 document of a resource. */
  metadata(resource: ProtectedResource): ReturnType<typeof protectedResourceMetadata>;
}

const SCHEMES: Readonly<Record<DpopMode, readonly Scheme[]>> = {
  off: ['Bearer'],
  optional: ['Bearer', 'DPoP'],
  required: ['DPoP'],
};

const nowSeconds = (): number => Date.now() / 1000;

/** @throws TypeError for a nonce secret that is too short */
export const createResourceServer = (options: ResourceServerOptions): ResourceServer => {
  const { verifier, publicUrl, dpopNonceSecret } = options;
  const { issuers, clock_skew_s, scopes, dpop } = options.identity;
  const nonces = dpopNonceSecret === undefined ? undefined : createDpopNonces(dpopNonceSecret);
  const checkPossession = createPossessionCheck({ verifier, publicUrl, clock_skew_s, nonces });

  return {
    mcp: (server) => mcpResource(publicUrl(), scopes, server),
    rest: () => restResource(publicUrl(), scopes),
    authenticate: async (head, resource) => {
      const { scheme, token } = credentialOf(head, SCHEMES[dpop]);
      return scheme === 'Bearer'
        ? verifier.verify(token, resource.uri)
        : checkPossession(head, token, resource);
    },
    operationScopes: (server, kind) => requiredScopes(scopes, server, kind),
    requireScopes: (caller, required) => {
      if (missingScopes(caller, required, scopes.implies).length > 0) throw new ScopeMissing(required);
    },
    challenge: (refusal, resource) => {
      const { code } = refusal;
      if (ERRORS[code].http !== 401 && code !== 'scope_missing') return {};
      const needed = refusal instanceof ScopeMissing ? refusal.scopes : resource.scopes;
      return {
        'www-authenticate': wwwAuthenticate({ resource: resource.uri, code, scopes: needed, dpop }),
        ...(code === 'dpop_nonce_missing' && nonces && { 'dpop-nonce': nonces.issue(nowSeconds()) }),
      };
    },
    metadata: (resource) =>
      protectedResourceMetadata(resource, {
        authorization_servers: issuers.map(({ issuer }) => issuer),
        dpop,
      }),
  };
};

interface PossessionCheck {
  readonly verifier: TokenVerifier;
  readonly publicUrl: () => string;
  readonly clock_skew_s: number;
  readonly nonces: DpopNonces | undefined;
}

/**
 * A bound token and its proof (RFC 9449 section 7). The token comes first: only its holder may cost us the memory of a
 * proof, and the proof is remembered last, so that a refused one does not use itself up.
 */
const createPossessionCheck = ({ verifier, publicUrl, clock_skew_s: skew_s, nonces }: PossessionCheck) => {
  const replay = createReplayGuard();
  return async (head: HttpHead, token: string, resource: ProtectedResource): Promise<Caller> => {
    const { caller, jkt } = await verifier.verifyBound(token, resource.uri);
    const [proof, ...others] = headerValues(head, 'dpop');
    if (proof === undefined || others.length > 0)
      throw new CountersignError('dpop_invalid', 'exactly one DPoP header is needed');
    const now_s = nowSeconds();
    const { jti, nonce, expires_s } = await verifyProof(proof, {
      method: head.method ?? '',
      uri: publicUrl() + pathOf(head),
      token,
      jkt,
      now_s,
      skew_s,
    });
    if (nonces !== undefined && !(nonce !== undefined && nonces.isCurrent(nonce, now_s)))
      throw new CountersignError('dpop_nonce_missing');
    replay.admit(jkt, jti, expires_s, now_s);
    return caller;
  };
};
