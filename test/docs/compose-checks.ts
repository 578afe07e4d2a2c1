import type { Compose, ComposeService } from './compose-file.js';

/** What the code says, for the compose file to be compared with. */
export interface CodeFacts {
  /** Apps that run as a service of their own. */
  readonly services: readonly string[];
  readonly variables: readonly string[];
  readonly port: number;
  readonly version: string;
}

type Check = (compose: Compose, facts: CodeFacts) => readonly string[];
type ServiceCheck = (
  name: string,
  service: ComposeService,
  compose: Compose,
  facts: CodeFacts,
) => readonly string[];

const each =
  (check: ServiceCheck): Check =>
  (compose, facts) =>
    Object.entries(compose.services).flatMap(([name, service]) =>
      check(name, service, compose, facts).map((problem) => `${name}: ${problem}`),
    );

const unless = (isFine: boolean, problem: string): readonly string[] => (isFine ? [] : [problem]);

const everyServiceIsThere: Check = ({ services }, facts) =>
  facts.services.flatMap((name) =>
    unless(services[name]?.build?.args['APP'] === name, `${name}: is not built here from its app`),
  );

const builtFromAnApp = each((_name, { build }, _compose, facts) =>
  build === undefined
    ? []
    : unless(facts.services.includes(build.args['APP'] ?? ''), `there is no app ${build.args['APP']}`),
);

const pinned = each((_name, { image = '', build }, _compose, { version }) =>
  unless(
    build === undefined
      ? /:\d+\.\d+\.\d+[\w.-]*(?:@sha256:[0-9a-f]{64})?$/.test(image)
      : image.endsWith(`:${version}`),
    `image ${image} is not pinned to its version`,
  ),
);

const knownVariables = each((_name, { build, environment = {} }, _compose, { variables }) =>
  build === undefined
    ? []
    : Object.keys(environment).flatMap((variable) =>
        unless(variables.includes(variable), `nothing reads the variable ${variable}`),
      ),
);

const ownPort = each((_name, { build, environment = {}, ports = [] }, _compose, { port }) => {
  const inside = ports.map((mapping) => Number(mapping.split(':').at(-1)));
  return [
    ...unless(
      build === undefined || Number(environment['COUNTERSIGN_PORT']) === port,
      `listens on another port than ${port}`,
    ),
    ...inside.flatMap((published) =>
      unless(published === port, `publishes ${published}, where nothing listens`),
    ),
    ...ports.flatMap((mapping) =>
      unless(
        mapping.startsWith('127.0.0.1:'),
        `publishes ${mapping} to the network; put a TLS proxy before it`,
      ),
    ),
  ];
});

const differentPorts: Check = ({ services }) => {
  const published = Object.values(services).flatMap(({ ports = [] }) =>
    ports.map((mapping) => mapping.split(':').slice(0, -1).join(':')),
  );
  return unless(new Set(published).size === published.length, 'two services publish the same port');
};

const SECRET_NAME = /PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY/;
const noSecrets = each((_name, { environment = {} }) =>
  Object.entries(environment).flatMap(([variable, value]) => [
    ...unless(
      !SECRET_NAME.test(variable) || variable.endsWith('_FILE'),
      `${variable} carries a secret; name a file`,
    ),
    ...unless(!/:\/\/[^/\s]*@/.test(String(value)), `${variable} carries credentials in an address`),
  ]),
);

const secretsOutside: Check = ({ secrets, configs }) => [
  ...Object.entries(secrets).flatMap(([name, { file = '' }]) =>
    unless(/^\$\{COUNTERSIGN_SECRETS\b/.test(file), `secret ${name} does not come from COUNTERSIGN_SECRETS`),
  ),
  ...Object.entries(configs).flatMap(([name, { file }]) =>
    unless(file !== undefined, `config ${name} is not a file`),
  ),
];

const secretsExist = each((_name, { secrets: used = [] }, { secrets }) =>
  used
    .map((secret) => (typeof secret === 'string' ? secret : secret.source))
    .flatMap((secret) => unless(secret in secrets, `there is no secret ${secret}`)),
);

const secretFilesGiven = each((_name, { environment = {}, secrets = [] }) => {
  const mounted = secrets.map(
    (secret) => `/run/secrets/${typeof secret === 'string' ? secret : secret.target}`,
  );
  return Object.entries(environment)
    .filter(([variable]) => variable.endsWith('_FILE') && variable !== 'COUNTERSIGN_POLICY_FILE')
    .flatMap(([variable, file]) =>
      unless(mounted.includes(file), `${variable} names ${file}, which is not given to it`),
    );
});

const hardened = each((_name, service) => [
  ...unless(service.user !== undefined && !/^(?:root|0)\b/.test(service.user), 'runs as root'),
  ...unless(
    service.cap_drop?.includes('ALL') === true && service.cap_add === undefined,
    'keeps capabilities',
  ),
  ...unless(service.security_opt?.includes('no-new-privileges:true') === true, 'may gain privileges'),
  ...unless(service.privileged !== true && service.network_mode === undefined, 'reaches into the host'),
  ...unless(service.restart !== undefined, 'is not started again when it dies'),
  ...unless((service.healthcheck?.test.length ?? 0) > 1, 'has no health check'),
]);

const readOnly = each((_name, { build, read_only, tmpfs = [] }) =>
  unless(
    build === undefined || (read_only === true && tmpfs.includes('/tmp')),
    'has a writable root filesystem',
  ),
);

const dependencies = each((_name, { depends_on = {} }, { services }) =>
  Object.entries(depends_on).flatMap(([other, { condition }]) =>
    unless(
      services[other] !== undefined && condition === 'service_healthy',
      `does not wait until ${other} is healthy`,
    ),
  ),
);

/** An address of another container: both must be on one network. */
const reachable = each((_name, { environment = {}, networks = [] }, { services }) =>
  Object.entries(environment).flatMap(([variable, value]) => {
    const host = /^(?:nats|redis|kurrentdb):\/\/([\w-]+)/.exec(String(value))?.[1];
    if (host === undefined) return [];
    return unless(
      services[host]?.networks?.some((network) => networks.includes(network)) === true,
      `${variable} names ${host}, which it cannot reach`,
    );
  }),
);

const onlyWith =
  (name: string, friends: readonly string[]): Check =>
  ({ services }) =>
    Object.entries(services)
      .filter(
        ([other, { networks = [] }]) =>
          other !== name &&
          !friends.includes(other) &&
          networks.some((network) => services[name]?.networks?.includes(network)),
      )
      .map(([other]) => `${other}: reaches ${name}`);

/** Those with a REST edge fetch the keys of the issuer; nobody else has to go anywhere. */
const shutIn: Check = ({ services, networks }) =>
  ['masking', 'nats', 'kurrentdb', 'redis'].flatMap((name) =>
    (services[name]?.networks ?? ['default']).flatMap((network) =>
      unless(networks[network]?.internal === true, `${name}: has a way out over ${network}`),
    ),
  );

const CHECKS: readonly Check[] = [
  everyServiceIsThere,
  builtFromAnApp,
  pinned,
  knownVariables,
  ownPort,
  differentPorts,
  noSecrets,
  secretsOutside,
  secretsExist,
  secretFilesGiven,
  hardened,
  readOnly,
  dependencies,
  reachable,
  onlyWith('kurrentdb', ['ledger']),
  onlyWith('redis', ['approval']),
  shutIn,
];

/** Everything in the compose file that does not fit the code, or is not as safe as it should be. */
export const composeProblems: Check = (compose, facts) => CHECKS.flatMap((check) => check(compose, facts));
