import { describe, expect, it } from 'vitest';
import { seeded } from '../../apps/ledger/evidence/memory-log.fixture.js';
import {
  bitFlip,
  cutRange,
  deletion,
  disclosure,
  incomplete,
  insertion,
  policyChanged,
  reorder,
  truncation,
  wrongIndex,
} from './tamper-kinds.js';
import {
  backDated,
  expectFound,
  flippedBit,
  gapInStream,
  insideTree,
  olderPack,
  rewrittenFile,
  rewrittenLog,
  type Sample,
  sample,
  swappedKey,
  verdictOf,
} from './tamper-runs.js';

/** Random packs that the changes are made to. */
const SAMPLES = 40;

const KINDS = {
  'a flipped bit anywhere in the zip': flippedBit,
  'a flipped bit in an entry': insideTree(bitFlip),
  'a deleted entry': insideTree(deletion),
  'an inserted entry': insideTree(insertion),
  'two entries in each other’s places': insideTree(reorder),
  'a range whose end is cut off': insideTree(cutRange),
  'an older pack shown as a newer one': olderPack,
  'a log rewritten by its owner': rewrittenLog,
  'an entry of an earlier time among later ones': backDated,
  'a key put in the place of the log’s': swappedKey,
  'a wrong index or range': insideTree(wrongIndex),
  'a file that ends early': insideTree(truncation),
  'a file rewritten, with hashes that fit': rewrittenFile,
  'another answer than the entries give': insideTree(incomplete),
  'other bytes than an entry commits to': insideTree(disclosure),
  'another policy than the one that decided': insideTree(policyChanged),
  'a gap in a stream, left by the owner of the log': gapInStream,
} as const;

/** `changes` of each kind are all found; four times as many packs left as they were are all accepted. */
export const tamperSuite = (changes: number) =>
  describe('tampering with a pack', () => {
    const samples: Promise<readonly Sample[]> = Promise.all(
      Array.from({ length: SAMPLES }, (_, seed) => sample(seeded(seed + 1))),
    );

    it.each(Object.entries(KINDS))(
      '%s is found each time, with the first bad entry where there is one',
      async (kind, run) => {
        const all = await samples;
        let done = 0;
        for (let attempt = 0; done < changes; attempt++) {
          expect(attempt, `${kind} hardly ever fits`).toBeLessThan(changes * 20);
          const random = seeded(attempt * 7_919 + kind.length);
          const result = await run(random, random.pick(all));
          if (result === undefined) continue;
          expectFound(...result, `${kind}, attempt ${attempt}`);
          done += 1;
        }
      },
      600_000,
    );

    it('is not found where there is none, whatever the shape of the pack', async () => {
      for (let seed = 0; seed < changes * 4; seed++) {
        const { pack, trust } = await sample(seeded(1_000_003 + seed));
        expect(verdictOf(pack, trust).findings, `seed ${seed}`).toEqual([]);
      }
    }, 600_000);
  });
