// A vitest reporter that keeps what the JSON reporter leaves out: why a test was skipped.
import { writeFileSync } from 'node:fs';

export default class SkipReasons {
  onTestRunEnd(modules) {
    const file = process.env.COUNTERSIGN_SKIP_REASONS;
    if (file === undefined) return;
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    writeFileSync(
      file,
      JSON.stringify(skipped.map((test) => ({ test: test.fullName, reason: test.result().note ?? '' }))),
    );
  }
}
