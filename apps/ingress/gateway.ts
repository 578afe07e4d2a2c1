import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { OriginCheck } from '#http/check-origin.js';
import type { ResourceServer } from '#identity/resource-server.js';
import type { SealingKeyring } from '#mcp/sealed-text.js';
import type { Sealer } from '#sealing/sealer.js';
import type { Budgets } from './budgets.js';
import type { Catalog } from './catalog/catalog.js';
import type { InFlight } from './in-flight.js';
import type { LateRecords } from './late-records.js';
import type { Listeners } from './listeners.js';
import type { LogLevels } from './log-levels.js';
import type { EndedSessions } from './mcp/legacy/ended-sessions.js';
import type { EventStreams } from './mcp/legacy/event-streams.js';
import type { OpenQuestions } from './mcp/legacy/open-questions.js';
import type { ParkedCalls } from './mcp/modern/parked-calls.js';
import type { HeldTasks } from './mcp/tasks/held/held-tasks.js';
import type { KeptResults } from './mcp/tasks/kept-results.js';
import type { SessionTasks } from './mcp/tasks/session-tasks.js';
import type { TaskWatches } from './mcp/tasks/task-watches.js';
import type { WaitingTasks } from './mcp/tasks/waiting-tasks.js';

/** Everything the ingress works with; handed explicitly to each gate. */
export interface Gateway {
  readonly bus: Bus;
  readonly config: Config;
  readonly logger: Logger;
  /** Every request is authenticated here. */
  readonly resourceServer: ResourceServer;
  readonly checkOrigin: OriginCheck;
  readonly catalog: Catalog;
  readonly budgets: Budgets;
  /** @throws CountersignError masking_unavailable until the masking service has given its public key */
  readonly sealer: () => Sealer;
  /** Keys of everything that clients carry for us: sessions, request states, task ids. */
  readonly sessions: SealingKeyring;
  /** Secret for attach keys and nonces; the same on every replica. */
  readonly callSecret: Uint8Array;
  readonly inFlight: InFlight;
  /** The end of calls whose intent may have been stored after we had given up. */
  readonly late: LateRecords;
  readonly lateOutcomes: LateRecords;
  readonly listeners: Listeners;
  readonly questions: OpenQuestions;
  readonly parked: ParkedCalls;
  readonly waitingTasks: WaitingTasks;
  readonly taskWatches: TaskWatches;
  readonly sessionTasks: SessionTasks;
  readonly keptResults: KeptResults;
  readonly heldTasks: HeldTasks;
  readonly streams: EventStreams;
  readonly logLevels: LogLevels;
  readonly endedSessions: EndedSessions;
  /** This process; recorded with each forward, so that the ledger knows whose calls are orphaned. */
  readonly instance: string;
  readonly publicUrl: () => string;
  readonly now: () => Date;
}
