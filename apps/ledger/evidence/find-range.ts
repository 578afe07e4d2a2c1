import { CLOCK_MARGIN_MS, type EvidenceQuery, movedTime } from '#core/evidence/evidence-query.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { PackSources } from './pack-sources.js';

/**
 * The part of the log that covers the time asked for, with one entry beyond it on both sides (or the end of the log), so
 * that a verifier can see that nothing of that time is left out. Entries stand in the order of their times but for
 * CLOCK_MARGIN_MS, so halving finds the ends.
 */
export const findRange = async (
  sources: Pick<PackSources, 'entries'>,
  { from, to }: EvidenceQuery,
  size: number,
): Promise<{ readonly from: number; readonly to: number }> => {
  const first = from === undefined ? 0 : await firstFrom(sources, movedTime(from, -CLOCK_MARGIN_MS), size);
  const behind = to === undefined ? size : await firstFrom(sources, movedTime(to, CLOCK_MARGIN_MS), size);
  const begin = Math.max(0, first - 1);
  return { from: begin, to: Math.max(begin, Math.min(size, behind + 1)) };
};

/** Index of an entry at or after this time whose predecessor is before it; `size` when there is none. */
const firstFrom = async (
  sources: Pick<PackSources, 'entries'>,
  time: string,
  size: number,
): Promise<number> => {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await timeAt(sources, middle)) < time) low = middle + 1;
    else high = middle;
  }
  return low;
};

const timeAt = async (sources: Pick<PackSources, 'entries'>, index: number): Promise<string> => {
  for await (const { bytes } of sources.entries(index, index + 1)) return readEntry(bytes).time;
  throw new RangeError(`the log has no entry ${index}`);
};
