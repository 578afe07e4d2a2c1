/** The part of ERRORS (errors.ts) about who sends a request, from where, and with which token. */
export const TOKEN_ERRORS = {
  token_missing: {
    http: 401,
    rpc: -31001,
    says: 'No access token was sent.',
    next: 'Send "Authorization: Bearer <token>"; the WWW-Authenticate header names the metadata document.',
  },
  token_invalid: {
    http: 401,
    rpc: -31002,
    says: 'The access token was not accepted.',
    next: 'Get a new token for this resource from the authorization server.',
  },
  token_expired: {
    http: 401,
    rpc: -31003,
    says: 'The access token has expired.',
    next: 'Get a new token from the authorization server.',
  },
  forbidden: {
    http: 403,
    rpc: -31004,
    says: 'Your roles do not allow this.',
    next: 'Ask the policy owner which role may do this.',
  },
  origin_refused: {
    http: 403,
    rpc: -31005,
    says: 'The Origin or Host header is not allowed.',
    next: 'Use the public address of the gateway, or add the origin to http.allowed_origins.',
  },
  identity_unavailable: {
    http: 503,
    rpc: -31006,
    says: 'The authorization server could not be reached.',
    next: 'Try again; operators: check identity.issuers and the network.',
  },
  scope_missing: {
    http: 403,
    rpc: -31007,
    says: 'The access token lacks a scope that this needs.',
    next: 'Get a new token with all scopes that the WWW-Authenticate header names.',
  },
  groups_overage: {
    http: 403,
    rpc: -31008,
    says: 'The access token leaves the groups out because there are too many.',
    next: 'Operators: let the issuer send application roles (groups_claim: roles) or only the groups assigned to the application.',
  },
  token_in_query: {
    http: 400,
    rpc: -31009,
    says: 'A token was sent in the query string, where logs and histories keep it.',
    next: 'Send it in the Authorization header only, and have this token revoked.',
  },
  token_repeated: {
    http: 400,
    rpc: -31060,
    says: 'More than one Authorization header was sent.',
    next: 'Send exactly one.',
  },
  dpop_invalid: {
    http: 401,
    rpc: -31061,
    says: 'The proof of possession (DPoP) was not accepted.',
    next: 'Send a fresh DPoP proof for exactly this method, address and token.',
  },
  dpop_nonce_missing: {
    http: 401,
    rpc: -31062,
    says: 'The proof of possession (DPoP) lacks a current nonce of this server.',
    next: 'Repeat the request with the value of the DPoP-Nonce header as nonce of a new proof.',
  },
  upgrade_refused: {
    http: 400,
    rpc: -31063,
    says: 'WebSocket is not offered here.',
    next: 'Use Streamable HTTP.',
  },
} as const;
