import fc from 'fast-check';
import { type Outcome, runSchedule } from './run-schedule.js';
import { type Schedule, schedule } from './schedule.js';
import type { Mistake } from './world.js';

export interface Exploration {
  readonly schedules: number;
  readonly seed: number;
  readonly isHasty?: boolean;
  readonly isLax?: boolean;
  readonly mistake?: Mistake;
  /** Smaller counterexamples, at the price of time; for people who look at one. */
  readonly shrinks?: boolean;
}

/** The seed of a run, from the environment to play one again: COUNTERSIGN_SCHEDULE_SEED. */
export const seedOfRun = (): number => {
  const given = process.env['COUNTERSIGN_SCHEDULE_SEED'];
  return given === undefined ? Math.trunc(Math.random() * 0x7fffffff) : Number(given);
};

/** Plays random schedules. @throws Error with the first that breaks a rule, and the seed */
export const explore = async (
  { schedules, seed, isHasty = false, isLax = false, mistake, shrinks = true }: Exploration,
  told: (outcome: Outcome) => void = () => undefined,
): Promise<void> => {
  const options = { isHasty, isLax, ...(mistake === undefined ? {} : { mistake }) };
  const holds = async (each: Schedule): Promise<void> => told(await runSchedule(each, options));
  await fc.assert(fc.asyncProperty(schedule, holds), {
    numRuns: schedules,
    seed,
    endOnFailure: !shrinks,
    includeErrorInReport: true,
  });
};
