import type { Filter } from '@kurrent/kurrentdb-client';

/** Records the server looks at between two checkpoints, so that a filtered reader knows how far it is. */
const CHECKPOINT_RECORDS = 256;

/** Runs on the server: without system events, and with `types` only those, by their whole name. */
export const eventFilter = (types: readonly string[] | undefined): Filter => ({
  filterOn: 'eventType',
  checkpointInterval: 1,
  maxSearchWindow: CHECKPOINT_RECORDS,
  regex: types ? `^(?:${types.map(escaped).join('|')})$` : '^[^$]',
});

/** For JavaScript and .NET alike. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|#\s-]/g, '\\$&');
