import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { compare, expectedFailures } from './expected-failures.js';
import { accountOf, runDirectly, runGoverned, SERVER_RUNS } from './server-runs.js';

const RUN_MS = 120_000;

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

describe('the conformance suite, server side', () => {
  const direct = SERVER_RUNS.filter(({ name }) => !name.includes('-to-') || name === 'legacy-to-legacy-only');
  it.each(direct)(
    '$revision: the fixture ($upstream eras) itself passes',
    async (run) => {
      const { unexpected } = compare(await runDirectly(stage, run), []);
      expect(unexpected).toEqual({});
    },
    RUN_MS,
  );

  it.each(SERVER_RUNS)(
    '$revision through the gateway, in front of $upstream eras ($name)',
    async (run) => {
      const { findings, gateway } = await runGoverned(stage, run);
      const { passed, of, unexpected, stale } = compare(findings, await expectedFailures(run.name));
      console.log(`${run.name}: ${passed} of ${of} scenarios`);
      expect(unexpected).toEqual({});
      expect(stale).toEqual([]);
      const { requested, masked, replay } = await accountOf(gateway);
      expect(requested).toBeGreaterThan(0);
      expect(masked).toBeGreaterThan(0);
      expect(replay.different).toEqual([]);
      expect(replay.checked).toBeGreaterThan(0);
    },
    RUN_MS,
  );
});
