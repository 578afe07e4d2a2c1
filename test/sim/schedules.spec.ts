import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock } from './clock.js';
import { explore, seedOfRun } from './explore.js';
import { runSchedule } from './run-schedule.js';
import type { Step } from './schedule.js';
import type { Mistake } from './world.js';

const SCHEDULES = 10_000;
const MISTAKE_SCHEDULES = 3_000;
const MINUTE_MS = 60_000;

/** Taken before the clock is ours, which takes chance away. */
const seed = seedOfRun();
beforeAll(() => clock.start());
afterAll(() => clock.stop());

describe('two ingress replicas, approvals and the ledger, in any order of messages, losses, doubles and deaths', () => {
  it(
    `keep every rule of approvals in ${SCHEDULES} schedules`,
    async () => {
      console.log(`COUNTERSIGN_SCHEDULE_SEED=${seed}`);
      const told = new Map<string, number>();
      let forwards = 0;
      let granted = 0;
      await explore({ schedules: SCHEDULES, seed }, (outcome) => {
        forwards += outcome.used.size;
        granted += outcome.granted;
        for (const code of outcome.told) told.set(code, (told.get(code) ?? 0) + 1);
      });
      console.log(
        `${forwards} forwards, ${granted} more under grants; agents were told ${JSON.stringify(Object.fromEntries(told))}`,
      );
      // All that can come of a held call has come of one, and nothing but stable codes.
      expect([...told.keys()]).toEqual(expect.arrayContaining(ENDS));
      expect(forwards).toBeGreaterThan(SCHEDULES / 20);
      expect(granted).toBeGreaterThan(SCHEDULES / 200);
    },
    40 * MINUTE_MS,
  );

  it('end also where a replica of the approval service is asked for what the log has not told it yet', async () => {
    const ask: Step = { do: 'ask', replica: 0, followsTasks: false };
    const approve: Step = { do: 'vote', voter: 0, vote: 'approve', replica: 0, stale: false, latest: false };
    const nothing = (moments: number): readonly number[] => Array.from({ length: moments }, () => 0);
    // Once it was told "pending" at once, asked again at once, and so on: time stood still.
    await runSchedule({
      ...{ approvalReplicas: 2, faults: 0, grants: false, again: [] },
      steps: [ask, approve, approve, approve, ask],
      choices: [
        ...[...nothing(13), 10_960, ...nothing(21), 28_573, 24_125, 0, 0, 25_308],
        ...[...nothing(7), 3_664, ...nothing(16)],
      ],
    });
  });

  it(
    'keep them when an ingress does not wait for humans',
    async () => {
      let forwards = 0;
      await explore({ schedules: 1_000, seed, isHasty: true }, ({ used }) => {
        forwards += used.size;
      });
      expect(forwards).toBeLessThan(1_000);
    },
    20 * MINUTE_MS,
  );

  it(
    'keep them, and nothing runs, when people are asked for less than policy wants',
    async () => {
      let approved = 0;
      await explore({ schedules: 200, seed, isLax: true }, ({ used, approvals, granted }) => {
        expect(used.size + granted).toBe(0);
        for (const approval of approvals.values())
          if (approval.status !== 'none' && approval.votes.some(({ vote }) => vote === 'approve'))
            approved += 1;
      });
      expect(approved).toBeGreaterThan(20);
    },
    5 * MINUTE_MS,
  );

  it.each([
    ['the store ignores expected revisions', false],
    ['the ledger believes the ingress', true],
    ['the ledger lets every policy decide', false],
    ['approvals end before their calls are closed', false],
    ['an ingress does not see which states were used', false],
  ] satisfies [Mistake, boolean][])(
    'are found to break them when %s',
    async (mistake, isHasty) => {
      const found = explore({ schedules: MISTAKE_SCHEDULES, seed, mistake, isHasty, shrinks: false });
      await expect(found).rejects.toThrow(BROKEN);
    },
    20 * MINUTE_MS,
  );
});

const ENDS = [
  'ok',
  'approval_pending',
  'approval_denied',
  'approval_expired',
  'approval_stale',
  'call_cancelled',
  'revision_conflict',
  'params_invalid',
  'ledger_unavailable',
  'lost',
];
/** The rules of check-history.ts and run-schedule.ts, and no error of another kind. */
const BROKEN = new RegExp(
  [
    ...[
      'forwarded',
      'of a used approval',
      'of an approval that is',
      'has voted',
      'used twice',
      'for ever',
      'cannot follow',
    ],
    ...[
      'asked for twice',
      'of nothing',
      'by its requester',
      'after the expiry',
      'expired too early',
      'a grant',
      'more often',
    ],
    'does not end',
  ].join('|'),
);
