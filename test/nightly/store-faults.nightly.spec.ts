import { describe, expect, it } from 'vitest';
import { injectStoreFaults } from '../fault/store-faults.js';
import { straceProblem } from '../fault/strace.js';

const problem = straceProblem();

describe.skipIf(problem !== undefined)(
  `faults of system calls on the append path${problem === undefined ? '' : ` (skipped: ${problem})`}`,
  () => {
    it('at every place, killed and failed: nothing acknowledged is lost, nothing is half there', async () => {
      const outcome = await injectStoreFaults(Number.POSITIVE_INFINITY);
      console.log(`system call faults on the append path, all: ${JSON.stringify(outcome)}`);
      expect(outcome.cut).toBeGreaterThan(0);
    }, 1_800_000);
  },
);
