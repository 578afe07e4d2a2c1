import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

export interface NatsSettings {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly tls_ca_file?: string;
  readonly name: string;
  /** First token of the subjects on which answers come; permissions let nobody else listen there. */
  readonly inbox?: string;
}

/** Connects and keeps reconnecting for ever: an absent NATS is refused call by call, never a reason to exit. */
export const connectNats = async (settings: NatsSettings): Promise<NatsConnection> => {
  const options: NodeConnectionOptions = {
    servers: [...settings.servers],
    name: settings.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
    ignoreAuthErrorAbort: true,
    pingInterval: 5_000,
    maxPingOut: 2,
    ...(settings.inbox === undefined ? {} : { inboxPrefix: settings.inbox }),
    ...(settings.user === undefined ? {} : { user: settings.user, pass: settings.password ?? '' }),
    ...(settings.tls_ca_file === undefined ? {} : { tls: { caFile: settings.tls_ca_file } }),
  };
  return connect(options);
};
