import { type Claims, claimOf } from './claims.js';

/**
 * Whether a token speaks for a program and not for a person. RFC 9068 section 5: with client credentials `sub` is the
 * client. Issuers that put something else into `sub` say it in their own way; each line is one of them.
 */
export const isMachineToken = (claims: Claims, subject: string, clientId: string): boolean => {
  const is = (name: string, value: unknown): boolean => claimOf(claims, name) === value;
  return (
    (clientId !== '' && subject === clientId) ||
    // Entra ID: only application tokens carry idtyp=app, or name the service principal twice and no delegated scope.
    is('idtyp', 'app') ||
    (is('oid', subject) && is('scp', undefined) && is('scope', undefined)) ||
    // Auth0
    is('gty', 'client-credentials') ||
    (clientId !== '' && subject === `${clientId}@clients`) ||
    // Keycloak service accounts
    (clientId !== '' && is('preferred_username', `service-account-${clientId.toLowerCase()}`))
  );
};
