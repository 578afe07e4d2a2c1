import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runClient, WITHOUT } from '../conformance/client-runs.js';
import { compare, expectedFailures } from '../conformance/expected-failures.js';
import { type Revision, requirementsOf } from '../conformance/suite.js';
import { openStage, type Stage } from '../e2e/support/stage.js';

const RUN_MS = 15 * 60_000;
const REVISIONS: readonly Revision[] = ['2025-11-25', '2026-07-28'];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe('the conformance suite, client side, with every scenario', () => {
  it.each(REVISIONS)(
    '%s',
    async (revision) => {
      const { required, further } = await requirementsOf(revision, 'client');
      const scenarios = [...required, ...further].filter((scenario) => !(scenario in WITHOUT));
      const findings = await runClient(stage, revision, scenarios);
      const { passed, of, unexpected, stale } = compare(
        findings,
        await expectedFailures(`client-${revision}`),
      );
      console.log(`client ${revision}: ${passed} of ${of} scenarios`);
      expect(unexpected).toEqual({});
      expect(stale).toEqual([]);
    },
    RUN_MS,
  );
});
