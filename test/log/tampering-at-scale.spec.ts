import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../apps/demo-bank/random.js';
import { checkMemoryLog, type MemoryLog, makeMemoryLog } from './memory-log.js';
import { TAMPERINGS } from './tamperings.js';

const POSITIONS = 1_000;
const LOGS = 60;
/** Entries: within one tile, around its edge, and over several tiles. Most are small, for the sake of time. */
const SIZES = [
  ...Array.from({ length: 8 }, () => [5, 60] as const),
  [250, 262] as const,
  [263, 600] as const,
];

const logs: MemoryLog[] = [];
beforeAll(async () => {
  const random = createRandom('logs to tamper with');
  for (let nth = 0; nth < LOGS; nth++) {
    const [min, max] = SIZES[nth % SIZES.length] ?? [5, 60];
    logs.push(await makeMemoryLog(random, random.integer(min, max)));
  }
});

describe(`the self-check of the log, in ${LOGS} logs of random shapes`, () => {
  it('finds nothing in any that nobody has touched', async () => {
    const found = await Promise.all(logs.map((log) => checkMemoryLog(log, log.events, log.files)));
    expect(found.filter((finding) => finding !== undefined)).toEqual([]);
  });

  it.each(Object.entries(TAMPERINGS))(
    `finds %s at ${POSITIONS} of ${POSITIONS} random positions, and names the first bad entry`,
    async (what, tamper) => {
      const random = createRandom(what);
      const wrong: unknown[] = [];
      let found = 0;
      for (let nth = 0; nth < POSITIONS; nth++) {
        const log = random.pick(logs);
        const { events = log.events, files = log.files, index, kind } = tamper(log, random);
        const finding = await checkMemoryLog(log, events, files);
        if (finding?.index === index && finding.kind === kind) found += 1;
        else
          wrong.push({
            nth,
            size: log.size,
            wanted: { index, kind },
            found: { ...finding, message: finding?.message },
          });
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(found).toBe(POSITIONS);
    },
    60_000,
  );
});
