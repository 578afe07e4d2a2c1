import { type Claims, claimOf } from './claims.js';
import type { MachineRule } from './identity-options.js';

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
    (clientId !== '' && is('preferred_username', `service-account-${clientId.toLowerCase()}`)) ||
    // RFC 8693 section 4.1: somebody else acts for the person.
    claimOf(claims, 'act') !== undefined
  );
};

/** Whether a bank's own rule says that a token is an agent's: by its client, or by a value of one of its claims. */
export const isRuledMachine = (claims: Claims, clientId: string, rule: MachineRule | undefined): boolean =>
  rule !== undefined &&
  (rule.clients.some((client) => matches(client, clientId)) ||
    Object.entries(rule.claims).some(([name, values]) => {
      const claimed = claimOf(claims, name);
      const said = (Array.isArray(claimed) ? claimed : [claimed]).map(String);
      return claimed !== undefined && values.some((value) => said.includes(value));
    }));

const matches = (client: string, clientId: string): boolean =>
  client.endsWith('*') ? clientId.startsWith(client.slice(0, -1)) : client === clientId;
