import { type Read, readCommand } from '#http/read-command.js';
import type { Caller } from '#identity/caller.js';
import type { Ledger } from './ledger.js';

/** Records that somebody looks, or was refused a look, into the ledger, before they see anything. Answers the record's position. */
export const recordRead = async (ledger: Ledger, caller: Caller, read: Read): Promise<bigint> =>
  (await ledger.append(readCommand(caller, read))).position;
