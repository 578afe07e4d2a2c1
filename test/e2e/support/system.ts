import { fileURLToPath } from 'node:url';
import { type Agent, connectAgent, type Sdk } from './agents.js';
import type { Issuer } from './issuer.js';
import type { Service } from './service.js';
import { waitUntil } from './wait-until.js';

/** Compiled files of the project: what is started is what is shipped. */
export const DIST = fileURLToPath(new URL('../../../', import.meta.url));

export interface Urls {
  readonly ingress: string;
  readonly approval: string;
  readonly ledger: string;
  readonly policy: string;
}

const READY_MS_MAX = 60_000;

/** A running gateway, whatever its shape. */
export interface System {
  readonly urls: Urls;
  readonly issuer: Issuer;
  /** Where it keeps its data; the upstream's own data may lie in a folder `demo` below. */
  readonly data: string;
  /** Its processes, by service; the standalone shape has one, `countersign`. */
  readonly services: ReadonlyMap<string, Service>;
}

/** Every resource that tokens are asked for. */
export const resourcesOf = (
  { ingress, approval, ledger, policy }: Urls,
  servers: readonly string[],
): readonly string[] => [
  ...new Set([
    ingress,
    approval,
    ledger,
    policy,
    `${ingress}/mcp`,
    ...servers.map((server) => `${ingress}/mcp/${server}`),
  ]),
];

export const serviceOf = ({ services }: System, name: string): Service => {
  const service = services.get(name);
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return service;
};

/** What all processes have written: logs and ready lines. */
export const outputOf = ({ services }: System): string =>
  [...services.values()].map((service) => service.output()).join('\n');

/** Everything that a governed call needs answers. */
export const untilReady = async ({ ingress }: Urls): Promise<void> => {
  const isReady = async (): Promise<boolean> => (await fetch(`${ingress}/readyz`)).ok;
  await waitUntil('all services ready', () => isReady().catch(() => false), READY_MS_MAX);
};

/** An MCP client of one user at an endpoint ("core-banking"), or at the united endpoint. */
export const connect = async (
  { urls, issuer }: System,
  sdk: Sdk,
  user: string,
  server?: string,
): Promise<Agent> =>
  connectAgent(sdk, {
    url: `${urls.ingress}/mcp${server === undefined ? '' : `/${server}`}`,
    token: await issuer.token(user),
  });
