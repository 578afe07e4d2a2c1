import type { CallEvent } from '#core/call/call.events.js';
import { type CallState, evolveCall, IllegalTransition, NO_CALL } from '#core/call/evolve-call.js';
import { CountersignError } from '#core/errors.js';
import type { AppendCommand } from '#core/evidence/build-append.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';

const NOUNS = [
  'call',
  'approval',
  'policy',
  'refusal',
  'read',
  'gateway',
  'key',
  'session',
  'list',
  'consent',
  'catalog',
  'disclosure',
  'alarm',
  'delegation',
  'notice',
  'proposal',
];
const STREAM_NAME = new RegExp(`^(${NOUNS.join('|')})-[A-Za-z0-9._:-]{1,150}$`);

/** Each entry must say itself what the append says of it; nobody can store an entry under another name or place. */
export const checkEntries = ({ stream, expected, events }: AppendCommand): readonly Entry[] => {
  if (!STREAM_NAME.test(stream))
    throw new CountersignError('body_invalid', `stream name ${stream.slice(0, 40)}`);
  return events.map((event, index) => {
    const entry = readEntry(event.entry);
    const fits =
      entry.id === event.id &&
      entry.type === event.type &&
      entry.stream === stream &&
      entry.revision === expected + 1 + index &&
      Number.isInteger(entry.v);
    if (!fits)
      throw new CountersignError('body_invalid', `entry ${index} of ${stream} does not fit its append`);
    return entry;
  });
};

/**
 * Folds new events of a call over its state; what may not follow is refused here, where the append happens (G4).
 * @throws CountersignError revision_conflict; event_unknown, because nobody may guess what such an event lets follow
 */
export const advanceCall = (state: CallState | undefined, entries: readonly Entry[]): CallState => {
  try {
    return entries.reduce<CallState>(
      (current, entry) => evolveCall(current, asEvent<CallEvent>(entry)),
      state ?? NO_CALL,
    );
  } catch (error) {
    if (error instanceof IllegalTransition) throw new CountersignError('revision_conflict', error.message);
    throw error;
  }
};
