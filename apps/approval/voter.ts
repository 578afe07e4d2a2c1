import type { Config } from '#config/config.schema.js';
import type { RestCaller } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';

/** A caller as deciders see one who votes: the person, what the token says of them now, and through which client. */
export const voterOf = ({ approvals }: Config, caller: RestCaller) => ({
  person: personOf(caller),
  roles: caller.roles,
  isMachine: caller.isMachine,
  client: approvals.human_clients.includes(caller.clientId) ? undefined : caller.clientId,
});
