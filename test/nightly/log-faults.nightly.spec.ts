import { describe, expect, it } from 'vitest';
import { injectLogFaults } from '../fault/log-faults.js';
import { straceProblem } from '../fault/strace.js';

const problem = straceProblem();

describe.skipIf(problem !== undefined)(
  `faults of system calls on the checkpoint path${problem === undefined ? '' : ` (skipped: ${problem})`}`,
  () => {
    it('at every place, killed and failed: one tree, nothing published is taken back', async () => {
      const outcome = await injectLogFaults(Number.POSITIVE_INFINITY);
      console.log(`system call faults on the checkpoint path, all: ${JSON.stringify(outcome)}`);
      expect(outcome.cut).toBeGreaterThan(0);
      expect(outcome.calls).toEqual(expect.arrayContaining(['pwrite64', 'fdatasync']));
    }, 3_600_000);
  },
);
