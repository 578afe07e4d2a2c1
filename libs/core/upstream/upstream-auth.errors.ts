/** Part of ERRORS: what can go wrong before an upstream server takes a request from the gateway. */
export const UPSTREAM_AUTH_ERRORS = {
  upstream_consent_needed: {
    http: 200,
    rpc: -31054,
    says: 'The upstream server wants somebody to consent in a browser first; nothing was sent.',
    next: 'Run "countersign upstreams authorize NAME" and open the link.',
  },
  upstream_auth_failed: {
    http: 200,
    rpc: -31055,
    says: 'The gateway has no credential that the upstream server accepts; nothing was carried out.',
    next: 'Operators: check upstreams[].auth and the authorization server.',
  },
  consent_invalid: {
    http: 400,
    rpc: -31056,
    says: 'This link, or the answer of the authorization server, is not valid, or was used before.',
    next: 'Ask for a new link: countersign upstreams authorize NAME.',
  },
} as const;
