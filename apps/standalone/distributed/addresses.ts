import type { Service } from '#contracts/contract.js';
import { checkFree, freePorts } from './free-ports.js';

export interface Addresses {
  readonly host: string;
  readonly ports: Readonly<Record<Service, number>>;
  url(service: Service): string;
}

/** Each service's distance from the port of the ingress. */
const OFFSETS: Readonly<Record<Service, number>> = {
  ingress: 0,
  approval: 1,
  ledger: 2,
  policy: 3,
  masking: 4,
};

/** Ports next to each other from `port` on, or free ones for port 0. @throws LaunchError when one is taken */
export const chooseAddresses = async (host: string, port: number): Promise<Addresses> => {
  const services = Object.keys(OFFSETS) as Service[];
  const free = port === 0 ? await freePorts(host, services.length) : undefined;
  const ports = Object.fromEntries(
    services.map((service) => [service, free?.[OFFSETS[service]] ?? port + OFFSETS[service]]),
  ) as Record<Service, number>;
  if (free === undefined) for (const service of services) await checkFree(host, ports[service], service);
  return { host, ports, url: (service) => `http://${host}:${ports[service]}` };
};
