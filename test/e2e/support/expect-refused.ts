import { expect } from 'vitest';
import { codeOf, type RawAnswer } from './raw.js';
import type { Examiner, LedgerEntry } from './rest.js';
import { type System, serviceOf } from './system.js';

/** Promise G3 lets each request on the bus wait two seconds; the rest is room for a busy machine. Others wait half a minute. */
export const REFUSED_MS_MAX = 10_000;

export interface Refusal {
  readonly status: number;
  readonly code: string;
}

/** Sends, checks the answer, its time and that the process lives; gives what the ledger has recorded meanwhile. */
export const expectRefused = async (
  system: System,
  ledger: Examiner,
  send: () => Promise<RawAnswer>,
  expected: Refusal,
): Promise<{ answer: RawAnswer; recorded: readonly LedgerEntry[] }> => {
  const before = (await ledger.events()).length;
  const answer = await send();
  expect({ status: answer.status, code: codeOf(answer) }).toEqual(expected);
  expect(answer.elapsed_ms).toBeLessThan(REFUSED_MS_MAX);
  expect(serviceOf(system, 'countersign').isAlive()).toBe(true);
  const recorded = (await ledger.events()).slice(before).filter(({ type }) => type !== 'LedgerRead');
  return { answer, recorded };
};
