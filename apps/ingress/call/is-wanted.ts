import type { WireEvent } from '#contracts/ledger.js';
import { wantSame } from '#core/approval/demand.js';
import type { CallDecided } from '#core/call/call.events.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Decided } from './decide.js';

/**
 * Whether policy still asks for the approval that the call in this stream was held for: the same policy may ask for more at
 * another time, or of a caller with other roles.
 */
export const isWanted = (recorded: readonly WireEvent[], { decision }: Decided): boolean => {
  const asking = recorded.find(({ type }) => type === 'CallDecided');
  if (asking === undefined) return false;
  return wantSame(asEvent<CallDecided>(readEntry(asking.entry)).data.decision, decision);
};
