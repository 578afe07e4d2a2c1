/**
 * The count of a vitest run from its JSON report (undefined when it wrote none) and its exit code. A suite that broke
 * before its first test, a crash, and a run without any test are one failure each, told in `problems`.
 */
export const countSpecs = (report, exitCode) => {
  if (report === undefined) {
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      problems: [`vitest ended with ${exitCode ?? 'a signal'} and without a report`],
    };
  }
  const isBroken = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
  const broken = report.testResults.filter(isBroken);
  const problems = broken.map(({ name, message }) => `${name}: ${message}`);
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + broken.length;
  if (passed + failed === 0) problems.push('no test ran');
  else if (exitCode !== 0 && failed === 0) {
    problems.push(`vitest ended with ${exitCode ?? 'a signal'} although no test failed`);
  }
  return { passed, failed: report.numFailedTests + problems.length, skipped, problems };
};
