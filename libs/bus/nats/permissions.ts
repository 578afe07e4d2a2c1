import * as approval from '#contracts/approval.js';
import type { Contract, Service } from '#contracts/contract.js';
import * as ledger from '#contracts/ledger.js';
import * as masking from '#contracts/masking.js';
import * as policy from '#contracts/policy.js';

/** What one service may do on NATS, in the words of the nats-server configuration. */
export interface NatsPermissions {
  readonly publish: SubjectRule;
  readonly subscribe: SubjectRule;
  /** Lets it publish to the reply subject of a request it has got: once, and only for a while. */
  readonly allow_responses: { readonly max: number; readonly expires: string };
}

/** An empty allow list would mean "everything" to nats-server, so nothing is said as a denial of everything. */
export type SubjectRule =
  | { readonly allow: readonly string[] }
  | { readonly deny: readonly [typeof EVERYTHING] };
const EVERYTHING = '>';

/** Longer than any deadline of a contract, so that an answer in time is never refused. */
const RESPONSE_EXPIRES = '10s';

export const SERVICES: readonly Service[] = ['ingress', 'policy', 'masking', 'approval', 'ledger'];

type AnyContract = Pick<Contract<unknown, unknown>, 'subject' | 'answeredBy' | 'askedBy'>;

const isContract = (value: unknown): value is AnyContract =>
  typeof value === 'object' &&
  value !== null &&
  'subject' in value &&
  'answeredBy' in value &&
  'askedBy' in value;

/** Every contract there is: each file of libs/contracts in turn. */
export const CONTRACTS: readonly AnyContract[] = [approval, ledger, masking, policy].flatMap((file) =>
  Object.values<unknown>(file).filter(isContract),
);

/** First token of the subjects on which a service gets its answers; nobody else may listen there. */
export const inboxPrefix = (service: Service): string => `_INBOX_${service}`;

/**
 * Subject permissions of one service, made from the contracts: it publishes what it asks and replies to what it was
 * asked, and subscribes to what it answers and to its own inbox. A service that was taken over can neither forge
 * another's answers nor listen to them.
 */
export const permissionsOf = (
  service: Service,
  contracts: readonly AnyContract[] = CONTRACTS,
): NatsPermissions => {
  const asked = contracts.filter(({ askedBy }) => askedBy.includes(service)).map(({ subject }) => subject);
  const answered = contracts.filter(({ answeredBy }) => answeredBy === service).map(({ subject }) => subject);
  return {
    publish: allowOnly(asked),
    subscribe: allowOnly([...answered, `${inboxPrefix(service)}.${EVERYTHING}`]),
    allow_responses: { max: 1, expires: RESPONSE_EXPIRES },
  };
};

const allowOnly = (subjects: readonly string[]): SubjectRule =>
  subjects.length === 0 ? { deny: [EVERYTHING] } : { allow: [...subjects].sort() };
