import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { DEV_APPROVAL_CLIENT_ID, DEV_CLIENT_ID, DEV_USER_GRANT } from '#identity/dev-token-request.js';
import { RESOURCE_SCOPE, SIGNING_ALGORITHM, userClaims } from './access-token.js';
import type { DemoUser } from './demo-users.js';
import { PAGE_HEADERS, page, sendPage } from './login-page.js';
import { createMemoryAdapter } from './memory-adapter.js';

export interface ProviderSetup {
  readonly mountPath: string;
  readonly resources: readonly string[];
  readonly users: readonly DemoUser[];
  readonly signingKey: JWK;
  /** Base addresses. */
  readonly approvalPages: readonly string[];
}

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])$/;

export const isLoopbackHost = (hostname: string): boolean => LOOPBACK.test(hostname);

/** Always asks who to be: choosing another user is what a demo is about. There is no consent page. */
const policy = () => {
  const prompts = interactionPolicy.base();
  prompts.remove('consent');
  prompts
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        'choose_user',
        'a demo user must be chosen',
        (ctx) => !ctx.oidc.result?.login,
      ),
    );
  return prompts;
};

/** Consent is given for whatever is asked: the resources of this request, each with the one scope. */
const grantEverythingAsked = async (ctx: KoaContextWithOIDC) => {
  const { client, session, params, resourceServers, provider } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(String(params?.['scope'] ?? 'openid'));
  for (const resource of Object.keys(resourceServers ?? {})) grant.addResourceScope(resource, RESOURCE_SCOPE);
  await grant.save();
  return grant;
};

/** oidc-provider has cookies to set yet, so that it must send the page itself. */
const showPage = (ctx: KoaContextWithOIDC, title: string, body: string): void => {
  ctx.set(PAGE_HEADERS);
  ctx.body = page(title, body);
};

const features = ({ resources }: ProviderSetup): Configuration['features'] => ({
  devInteractions: { enabled: false },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: (ctx, form) => {
      const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out</button>';
      showPage(ctx, 'Sign out', form + button);
    },
    postLogoutSuccessSource: (ctx) => showPage(ctx, 'You are signed out', ''),
  },
  revocation: {
    enabled: true,
    allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
  },
  registration: { enabled: true, initialAccessToken: false },
  resourceIndicators: {
    enabled: true,
    // Clients of older MCP revisions send no resource indicator (RFC 8707); they mean the first endpoint.
    defaultResource: (_ctx, _client, oneOf) => oneOf?.[0] ?? resources[0] ?? '',
    useGrantedResource: () => true,
    getResourceServerInfo: (_ctx, resource) => {
      if (!resources.includes(resource)) throw new errors.InvalidTarget();
      return {
        scope: RESOURCE_SCOPE,
        audience: resource,
        accessTokenTTL: HOUR_S,
        accessTokenFormat: 'jwt' as const,
        jwt: { sign: { alg: SIGNING_ALGORITHM } },
      };
    },
  },
});

/**
 * Everything oidc-provider would otherwise fill with a default it warns about is set here, so that it has nothing to
 * print on the console.
 */
export const providerConfiguration = (setup: ProviderSetup): Configuration => {
  const userNamed = (name: string | undefined) => setup.users.find((user) => user.name === name);
  return {
    adapter: createMemoryAdapter(),
    clients: [
      {
        client_id: DEV_CLIENT_ID,
        client_name: 'Countersign command line',
        token_endpoint_auth_method: 'none',
        grant_types: [DEV_USER_GRANT],
        response_types: [],
        redirect_uris: [],
      },
      {
        client_id: DEV_APPROVAL_CLIENT_ID,
        client_name: 'Countersign approval page',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: setup.approvalPages.map((base) => `${base}/approvals/login/callback`),
      },
    ],
    jwks: { keys: [setup.signingKey] } as NonNullable<Configuration['jwks']>,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'profile', 'offline_access', RESOURCE_SCOPE],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: features(setup),
    interactions: { policy: policy(), url: (_ctx, { uid }) => `${setup.mountPath}/interaction/${uid}` },
    ttl: {
      AccessToken: HOUR_S,
      AuthorizationCode: MINUTE_S,
      Grant: 24 * HOUR_S,
      IdToken: HOUR_S,
      Interaction: 15 * MINUTE_S,
      RefreshToken: 24 * HOUR_S,
      Session: HOUR_S,
    },
    findAccount: (_ctx, sub) => {
      const user = userNamed(sub);
      return user && { accountId: user.name, claims: () => ({ sub: user.name, ...userClaims(user) }) };
    },
    extraTokenClaims: (_ctx, token) => {
      const user = userNamed('accountId' in token ? token.accountId : undefined);
      return user && userClaims(user);
    },
    loadExistingGrant: grantEverythingAsked,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    clientBasedCORS: (_ctx, origin) => isLoopbackHost(URL.parse(origin)?.hostname ?? ''),
    renderError: (ctx, out) => {
      ctx.respond = false;
      // Only the error code: a description can repeat what a stranger put into the link.
      sendPage(ctx.res, ctx.status, 'Sign-in failed', `<p>${out.error.replace(/[^a-z_]/g, '')}</p>`);
    },
  };
};
