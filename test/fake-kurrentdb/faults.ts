/**
 * What can be ordered for the next append.
 *  - `unavailable`: the server says so; nothing is written
 *  - `no_answer_lost`, `no_answer_persisted`: no answer ever comes
 *  - `drop_lost`, `drop_persisted`: the connection breaks instead of an answer
 *  - `timeout`: the server's own commit timeout, after which nobody knows; written all the same
 *  - `not_leader`: the server names another leader (itself); nothing is written
 */
export type AppendFault =
  | 'unavailable'
  | 'no_answer_lost'
  | 'no_answer_persisted'
  | 'drop_lost'
  | 'drop_persisted'
  | 'timeout'
  | 'not_leader';

export interface Faults {
  order(...faults: readonly AppendFault[]): void;
  /** The fault of this append, if one is ordered. */
  take(): AppendFault | undefined;
}

export const createFaults = (): Faults => {
  const ordered: AppendFault[] = [];
  return { order: (...faults) => ordered.push(...faults), take: () => ordered.shift() };
};

export const isWritten = (fault: AppendFault | undefined): boolean =>
  fault === undefined || fault.endsWith('_persisted') || fault === 'timeout';
