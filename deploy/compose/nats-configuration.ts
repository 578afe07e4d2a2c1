import { permissionsOf, SERVICES } from '#bus/nats/permissions.js';
import type { Service } from '#contracts/contract.js';

/** First token of reply subjects; the client library's default. */
const INBOX = '_INBOX';
/** An outcome holds the original and the masked result, each up to limits.result_bytes_max (4 MiB), and some room. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** Text of a nats-server configuration: one user a service, with the subjects of its contracts and no others. */
export const natsConfiguration = (passwords: Readonly<Record<Service, string>>): string =>
  `${JSON.stringify(
    {
      listen: '0.0.0.0:4222',
      http: '127.0.0.1:8222',
      max_payload: MESSAGE_BYTES_MAX,
      authorization: {
        users: SERVICES.map((service) => ({
          user: service,
          password: passwords[service],
          permissions: permissionsOf(service, INBOX),
        })),
      },
    },
    null,
    2,
  )}\n`;
