import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { TokenVerifier } from '#identity/token-verifier.js';
import type { SessionKeyring } from '#mcp/session.js';
import type { Sealer } from '#sealing/sealer.js';
import type { Budgets } from './budgets.js';
import type { Catalog } from './catalog/catalog.js';
import type { InFlight } from './in-flight.js';
import type { LateRecords } from './late-records.js';

/** Everything the ingress works with; handed explicitly to each gate. */
export interface Gateway {
  readonly bus: Bus;
  readonly config: Config;
  readonly logger: Logger;
  readonly verifier: TokenVerifier;
  readonly catalog: Catalog;
  readonly budgets: Budgets;
  /** @throws CountersignError masking_unavailable until the masking service has given its public key */
  readonly sealer: () => Sealer;
  readonly sessions: SessionKeyring;
  /** Secret for attach keys and nonces; the same on every replica. */
  readonly callSecret: Uint8Array;
  readonly inFlight: InFlight;
  readonly late: LateRecords;
  /** This process; recorded with each forward, so that the ledger knows whose calls are orphaned. */
  readonly instance: string;
  readonly publicUrl: () => string;
  readonly now: () => Date;
}
