import type { Bus } from '#bus/bus.js';
import type { TeamsConfig } from '#config/teams.schema.js';
import { CountersignError } from '#core/errors.js';
import { type RestCaller, withRoles } from '#http/rest-caller.js';
import type { Caller } from '#identity/caller.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { personInFile } from './people-file.js';

export interface TeamsPeopleOptions {
  readonly config: Pick<TeamsConfig, 'people' | 'app_id'>;
  /** Issuers whose tokens name the human behind an account. */
  readonly issuersOfHumans: readonly string[];
  readonly resourceServer: ResourceServer;
  readonly bus: Bus;
}

export interface Claimed {
  /** Of Entra ID, as Bot Framework says. */
  readonly objectId: string;
  /** The token that the client of Teams has brought. */
  readonly token: string | undefined;
  /** Of Bot Framework's token; epoch seconds. */
  readonly expiresAt: number;
}

/** The person behind an object id, with the roles that they have now. */
export interface TeamsPeople {
  /**
   * `sign-in`: the client must bring a token first.
   * @throws CountersignError approver_not_eligible for somebody unknown; token_*, identity_unavailable, policy_unavailable
   */
  find(claimed: Claimed): Promise<RestCaller | 'sign-in'>;
}

export const teamsPeople = ({
  config,
  issuersOfHumans,
  resourceServer,
  bus,
}: TeamsPeopleOptions): TeamsPeople => {
  const { people, app_id } = config;

  const mapped = async (file: string, { objectId, expiresAt }: Claimed): Promise<Caller> => {
    const person = await personInFile(file, objectId);
    if (person === undefined)
      throw new CountersignError('approver_not_eligible', 'nobody is known by this account of Teams');
    const { issuer, subject, principal, human, groups } = person;
    // Elsewhere the token of this person names the human: without the name they would be a second person here.
    if (human === undefined && issuersOfHumans.includes(issuer))
      throw new CountersignError(
        'approver_not_eligible',
        'the file of people of Teams does not name the human',
      );
    return {
      ...{ issuer, subject, principal, groups, expiresAt },
      ...(human !== undefined && { human }),
      ...{ clientId: app_id, scopes: [], claims: {}, isMachine: false },
    };
  };

  /** The token is verified like every token; it must be of the very person that Bot Framework names. */
  const signedIn = async (
    { issuer, audience }: NonNullable<TeamsConfig['people']['sso']>,
    objectId: string,
    token: string,
  ): Promise<Caller> => {
    const head = { method: 'GET', url: '/', rawHeaders: ['authorization', `Bearer ${token}`] };
    const caller = await resourceServer.authenticate(head, { ...resourceServer.rest(), uri: audience });
    if (caller.issuer !== issuer || caller.human !== objectId.toLowerCase())
      throw new CountersignError('token_invalid', 'the token is of somebody else (oid)');
    return caller;
  };

  return {
    find: async (claimed) => {
      const { objectId, token } = claimed;
      if (people.sso !== undefined && token === undefined) return 'sign-in';
      const caller =
        people.sso === undefined
          ? await mapped(people.file ?? '', claimed)
          : await signedIn(people.sso, objectId, token ?? '');
      return withRoles(bus, caller);
    },
  };
};
