import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Approval, approver, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type GovernedBank, startGovernedBank } from './governed-bank.js';
import { CLIENTS, HELD_SHOWS, type Held, holdAll } from './held-clients.js';

/** All clients wait at the same time, and hardly anything runs meanwhile. */
const ALL_MS_MAX = 240_000;

let stage: Stage;
let system: GovernedBank;
let calls: ReadonlyMap<string, Held>;
let approvals: readonly Approval[];
beforeAll(async () => {
  stage = await openStage();
  system = await startGovernedBank(stage);
  calls = await holdAll(stage, system);
  approvals = await (await approver(system, 'manager-1')).list();
}, ALL_MS_MAX);
afterAll(() => stage.close(), 30_000);

describe('a call that people approve after 75 s', () => {
  it.each(CLIENTS.map(({ name }) => name))(
    'of %s ends with its result, at the latest when it is repeated, and runs once',
    (name) => {
      const held = calls.get(name);
      expect(held?.before).toBe('pending');
      const [first, ...again] = held?.attempts ?? [];
      expect(first).toMatchObject({ shown: HELD_SHOWS[name]?.shown });
      expect(again.map(({ shown }) => shown)).toEqual(first?.shown === 'result' ? [] : ['result']);
      expect(held?.attempts.at(-1)?.text).toContain(held?.notes);
      const isIts = (given: unknown): boolean => JSON.stringify(given).includes(`"${held?.notes}"`);
      expect(approvals.filter((approval) => isIts(approval.arguments))).toHaveLength(1);
      expect(system.bank.stats().log.filter((call) => isIts(call.arguments))).toHaveLength(1);
    },
  );

  it('is on record so that all that replays without a difference', async () => {
    const { checked, different } = await (await examiner(system)).replay();
    expect(checked).toBeGreaterThanOrEqual(CLIENTS.length);
    expect(different).toEqual([]);
  });
});
