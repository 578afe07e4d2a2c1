import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../tidy/source-file.js';

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly problems: readonly string[];
}
const { countSpecs } = (await import(join(ROOT, 'test/setup/count-specs.mjs'))) as {
  countSpecs: (report: object | undefined, exitCode: number | null) => Count;
};

const report = (counts: object, testResults: readonly object[] = []) => ({
  ...{ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults },
  ...counts,
});

describe('the count of a test run', () => {
  it('is what vitest counted', () => {
    const counts = { numPassedTests: 7, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 };
    expect(countSpecs(report(counts), 1)).toEqual({ passed: 7, failed: 2, skipped: 2, problems: [] });
    expect(countSpecs(report({ numPassedTests: 3 }), 0)).toEqual({
      passed: 3,
      failed: 0,
      skipped: 0,
      problems: [],
    });
  });

  it('has a failure for each suite that broke before its first test', () => {
    const broken = { status: 'failed', assertionResults: [], name: 'a.spec.js', message: 'cannot import' };
    const failing = {
      status: 'failed',
      assertionResults: [{ status: 'failed' }],
      name: 'b.spec.js',
      message: '',
    };
    const counts = { numPassedTests: 5, numFailedTests: 1 };
    expect(countSpecs(report(counts, [broken, failing]), 1)).toMatchObject({
      failed: 2,
      problems: ['a.spec.js: cannot import'],
    });
  });

  it.each([
    ['no test ran', report({}), 0],
    ['no test ran', report({ numPendingTests: 4 }), 0],
    ['vitest ended with 1 although no test failed', report({ numPassedTests: 5 }), 1],
    ['vitest ended with a signal although no test failed', report({ numPassedTests: 5 }), null],
    ['vitest ended with 137 and without a report', undefined, 137],
  ] as const)('is a failure when %s', (problem, given, exitCode) => {
    expect(countSpecs(given, exitCode)).toMatchObject({ failed: 1, problems: [problem] });
  });
});
