import { createTransport, type SMTPTransportOptions } from 'nodemailer';
import type { MailConfig } from '#config/notify.schema.js';
import { connectGuarded, type GuardedConnectOptions } from '#outbound/guarded-connect.js';
import { type Channel, DeliveryError, type Sent } from './channel.js';
import { mailText } from './mail-text.js';

const STEP_MS_MAX = 8_000;
const PERMANENT = 500;

export interface MailOptions {
  readonly config: MailConfig;
  readonly password: string | undefined;
  /** Certificates (PEM) to trust instead of those of the system. */
  readonly ca: string | undefined;
  /** Which addresses the server may have. */
  readonly outbound: GuardedConnectOptions;
}

/** One mail for each notice to everybody who is listed for a role that it is for, by SMTP. */
export const mailChannel = (options: MailOptions): Channel => {
  const { config } = options;
  const recipientsOf = (roles: readonly string[]): readonly string[] => [
    ...new Set(roles.flatMap((role) => (Object.hasOwn(config.to, role) ? (config.to[role] ?? []) : []))),
  ];
  const transport = createTransport(connectionOf(options));
  return {
    name: 'mail',
    showsArguments: false,
    takes: ({ kind, roles }) => config.kinds.includes(kind) && recipientsOf(roles).length > 0,
    deliver: async (notice, previous, signal): Promise<Sent> => {
      // The end of something that was never told is no news.
      if (notice.kind === 'resolved' && previous === undefined) return { reference: {} };
      const first = firstOf(previous);
      const idOf = (id: string): string => `<${id}@${config.from.slice(config.from.lastIndexOf('@') + 1)}>`;
      const sent = await transport
        .sendMail({
          ...mailText(notice, config.details),
          ...(first !== undefined && { inReplyTo: idOf(first), references: idOf(first) }),
          messageId: idOf(notice.id),
          from: { name: 'Countersign', address: config.from },
          to: recipientsOf(notice.roles).map((address) => ({ name: '', address })),
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal,
        })
        .catch((error: unknown) => {
          throw failureOf(error);
        });
      return { reference: { first: first ?? notice.id, refused: sent.rejected.length } };
    },
    close: async () => transport.close(),
  };
};

const connectionOf = ({ config: { smtp }, password, ca, outbound }: MailOptions): SMTPTransportOptions => ({
  host: smtp.host,
  port: smtp.port,
  secure: smtp.tls === 'implicit',
  // A server that offers no STARTTLS, or one in between that hides it, gets nothing.
  requireTLS: smtp.tls === 'starttls',
  ignoreTLS: smtp.tls === 'none',
  tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
  ...(smtp.user !== undefined && { auth: { user: smtp.user, pass: password ?? '' }, forceAuth: true }),
  // TLS, from the first byte or later, asks for the host by its name all the same.
  getSocket: (_, done) => {
    connectGuarded(smtp.host, smtp.port, { connect_ms: STEP_MS_MAX, ...outbound }).then(
      (connection) => done(null, { connection }),
      (error: Error) => done(error),
    );
  },
  connectionTimeout: STEP_MS_MAX,
  greetingTimeout: STEP_MS_MAX,
  socketTimeout: STEP_MS_MAX,
  logger: false,
});

/** The notice that began the thread of this approval. */
const firstOf = (previous: Sent | undefined): string | undefined => {
  const first = previous?.reference['first'];
  return typeof first === 'string' ? first : undefined;
};

/** A refusal of all recipients for good is given up; everything else may be better later. */
const failureOf = (error: unknown): DeliveryError => {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  const final = code === 'EENVELOPE' && status !== undefined && status >= PERMANENT;
  if (status !== undefined) return new DeliveryError(`smtp_${status}`, { final });
  return new DeliveryError(typeof code === 'string' ? code : 'smtp_failed');
};
