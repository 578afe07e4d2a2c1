import { SERVICES } from '#bus/nats/permissions.js';
import { childEnvironment } from '#config/cli-environment.js';
import type { Config, SecretRef } from '#config/config.schema.js';
import type { Service } from '#contracts/contract.js';
import type { Addresses } from './addresses.js';
import { mainOf, type Program } from './programs.js';

export interface ServiceSettings {
  readonly config: Config;
  /** The generated configuration file that all services read. */
  readonly file: string;
  readonly addresses: Addresses;
  /** What one service alone is told, by environment: its NATS password, the event store's and Redis's address. */
  readonly own: Readonly<Record<Service, { readonly [variable: string]: string }>>;
}

/** The five services, each with the same file, a port of its own, and the secrets that are its own. */
export const servicePrograms = ({ config, file, addresses, own }: ServiceSettings): readonly Program[] => {
  const secrets: { readonly [service in Service]?: readonly string[] } = {
    ingress: secretVariables(config),
    ledger: variablesOf([config.event_store.password]),
    approval: variablesOf([config.approvals.login?.client_secret, config.approvals.login?.session_key]),
  };
  const everybodysSecrets = Object.values(secrets).flat();
  return SERVICES.map((service) => ({
    name: service,
    command: process.execPath,
    args: [mainOf(service), '--config', file, '--port', String(addresses.ports[service])],
    env: childEnvironment({
      set: own[service],
      secrets: secrets[service] ?? [],
      everybodysSecrets,
    }),
    ready: new RegExp(`^Countersign ${service} is ready`),
    logs: true,
  }));
};

/** Variables from which the ingress reads credentials of upstream servers. */
const secretVariables = ({ upstreams }: Config): readonly string[] =>
  variablesOf(
    upstreams.flatMap((upstream): readonly (string | SecretRef)[] =>
      Object.values(upstream.transport === 'stdio' ? upstream.env : upstream.headers),
    ),
  );

const variablesOf = (values: readonly (string | SecretRef | undefined)[]): readonly string[] =>
  values.flatMap((value) => (typeof value === 'object' && 'env' in value ? [value.env] : []));
