import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { runClient } from './client-runs.js';
import { compare, expectedFailures } from './expected-failures.js';
import { type Revision, requirementsOf } from './suite.js';

const RUN_MS = 120_000;
const REVISIONS: readonly Revision[] = ['2025-11-25', '2026-07-28'];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** The scenarios of authorization take minutes: the nightly run has them. */
describe('the conformance suite, client side: the gateway as the client of an upstream', () => {
  it.each(REVISIONS)(
    '%s, without authorization',
    async (revision) => {
      const { required } = await requirementsOf(revision, 'client');
      const scenarios = required.filter((scenario) => !scenario.startsWith('auth/'));
      const expected = (await expectedFailures(`client-${revision}`)).filter((one) =>
        scenarios.includes(one),
      );
      const { passed, of, unexpected, stale } = compare(
        await runClient(stage, revision, scenarios),
        expected,
      );
      console.log(`client ${revision}: ${passed} of ${of} scenarios`);
      expect(unexpected).toEqual({});
      expect(stale).toEqual([]);
    },
    RUN_MS,
  );
});
