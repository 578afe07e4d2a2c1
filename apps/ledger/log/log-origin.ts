import type { Config } from '#config/config.schema.js';
import { ConfigError } from '#config/load-config.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import { CHECKPOINTS_STREAM, type CheckpointRecorded } from '#core/log/log.events.js';
import type { EventStore } from '#event-store/event-store.js';

/** Name of the log. Without a port, which may change while the log stays the same. */
export const originOf = ({ log, http }: Config): string =>
  log.origin ??
  `${http.public_url === undefined ? http.host : new URL(http.public_url).hostname}/countersign`;

/** A log keeps its name: whoever verifies it knows it by that. @throws ConfigError */
export const assertSameOrigin = async (store: EventStore, origin: string): Promise<void> => {
  const [first] = await store.readStream(CHECKPOINTS_STREAM, { limit: 1 });
  if (first === undefined) return;
  const recorded = asEvent<CheckpointRecorded>(readEntry(first.entry)).data.origin;
  if (recorded !== origin)
    throw new ConfigError(
      `log.origin: this store is the log ${recorded}, the configuration calls it ${origin}. Set log.origin: ${recorded}`,
    );
};
