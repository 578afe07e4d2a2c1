import { describe, expect, it } from 'vitest';
import { approvalsSchema } from './approvals.schema.js';

describe('reminders of the settings', () => {
  it.each([
    ['that do not ascend', [60, 60]],
    ['at the very start', [0]],
    ['later than a day', [86_401]],
    ['more than ten', Array.from({ length: 11 }, (_, at) => at + 1)],
    ['within a second', [0.5]],
  ])('%s are refused', (_, reminders_s) => {
    expect(approvalsSchema.safeParse({ reminders_s }).success).toBe(false);
  });

  it('may be none, and are three of them unless said otherwise', () => {
    expect(approvalsSchema.parse({ reminders_s: [] }).reminders_s).toEqual([]);
    expect(approvalsSchema.parse({}).reminders_s).toEqual([300, 1_800, 14_400]);
  });
});
