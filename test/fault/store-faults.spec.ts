import { describe, expect, it } from 'vitest';
import { injectStoreFaults } from './store-faults.js';
import { straceProblem } from './strace.js';

/** Each with a kill and an error. The nightly run takes every place there is. */
const SITES_MAX = 30;
const problem = straceProblem();

describe.skipIf(problem !== undefined)(
  `faults of system calls on the append path${problem === undefined ? '' : ` (skipped: ${problem})`}`,
  () => {
    it(`at ${SITES_MAX} places, killed and failed: nothing acknowledged is lost, nothing is half there`, async () => {
      const outcome = await injectStoreFaults(SITES_MAX);
      console.log(`system call faults on the append path: ${JSON.stringify(outcome)}`);
      expect(outcome.faults).toBeGreaterThanOrEqual(SITES_MAX);
      expect(outcome.cut).toBeGreaterThan(0);
      expect(outcome.acknowledged).toBeGreaterThan(outcome.faults);
    }, 300_000);
  },
);
