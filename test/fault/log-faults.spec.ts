import { describe, expect, it } from 'vitest';
import { injectLogFaults } from './log-faults.js';
import { straceProblem } from './strace.js';

/** Each with a kill and an error. The nightly run takes every place there is. */
const SITES_MAX = 20;
const problem = straceProblem();

describe.skipIf(problem !== undefined)(
  `faults of system calls on the checkpoint path${problem === undefined ? '' : ` (skipped: ${problem})`}`,
  () => {
    it(`at ${SITES_MAX} places, killed and failed: one tree, nothing published is taken back`, async () => {
      const outcome = await injectLogFaults(SITES_MAX);
      console.log(`system call faults on the checkpoint path: ${JSON.stringify(outcome)}`);
      expect(outcome.faults).toBe(2 * SITES_MAX);
      expect(outcome.cut).toBeGreaterThan(SITES_MAX / 2);
      expect(outcome.published).toBeGreaterThan(outcome.faults);
      expect(outcome.calls).toEqual(expect.arrayContaining(['openat', 'write', 'fsync', 'rename']));
    }, 300_000);
  },
);
