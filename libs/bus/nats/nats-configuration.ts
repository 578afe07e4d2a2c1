import type { Service } from '#contracts/contract.js';
import { permissionsOf, SERVICES } from './permissions.js';

/** An outcome holds the original and the masked result, each up to limits.result_bytes_max (4 MiB), and some room. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

export interface NatsListen {
  readonly listen: string;
  /** Address of the monitoring page, if there is one. */
  readonly http?: string;
}

/** Text of a nats-server configuration: one user a service, with the subjects of its contracts and no others. */
export const natsConfiguration = (
  listen: NatsListen,
  passwords: Readonly<Record<Service, string>>,
): string => {
  const users = SERVICES.map((service) => ({
    user: service,
    password: passwords[service],
    permissions: permissionsOf(service),
  }));
  // JSON is one of the forms that nats-server reads.
  return `${JSON.stringify({ ...listen, max_payload: MESSAGE_BYTES_MAX, authorization: { users } }, null, 2)}\n`;
};
