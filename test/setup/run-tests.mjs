// `npm test`: lint, import rules, then every spec on the compiled code. The last line is the count, the exit code is
// the verdict. Arguments go on to vitest (a path narrows the run); --nightly adds the long suites.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countSpecs } from './count-specs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const ownArguments = process.argv.slice(2).filter((argument) => argument !== '--nightly');
const isNightly = process.argv.includes('--nightly');
const scratch = mkdtempSync(join(tmpdir(), 'countersign-tests-'));
const report = join(scratch, 'vitest.json');
const reasons = join(scratch, 'skipped.json');

/** Resolves to the exit code; null when the program could not be started or died of a signal. */
const run = (command, args, env = {}) =>
  new Promise((resolve) => {
    // The locked Node first: the suites start programs of their own by the name `node`.
    const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      // Nearly two hundred gateways start: each finds its own code compiled by the ones before.
      env: { ...process.env, PATH: path, NODE_COMPILE_CACHE: join(scratch, 'compiled'), ...env },
    });
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(null);
    });
    child.once('close', resolve);
  });

const checks = [
  { name: 'lint and format (biome)', run: () => run(bin('biome'), ['check', '--error-on-warnings']) },
  {
    name: 'import rules (dependency-cruiser)',
    run: () =>
      run(bin('depcruise'), [
        '--config',
        'test/tidy/dependency-cruiser.config.cjs',
        '--output-type',
        'err',
        'dist/apps',
        'dist/libs',
      ]),
  },
];

const runChecks = async () => {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) {
    console.log(`\n== ${check.name}`);
    if ((await check.run()) === 0) count.passed += 1;
    else {
      count.failed += 1;
      console.log(`FAILED: ${check.name}`);
    }
  }
  return count;
};

const runSpecs = async () => {
  const config = isNightly ? 'test/setup/vitest.nightly.config.mjs' : 'test/vitest.config.mjs';
  const reporters = [
    '--reporter=default',
    '--reporter=json',
    '--reporter=./test/setup/skip-reasons.mjs',
    `--outputFile.json=${report}`,
  ];
  console.log('\n== specs (vitest)');
  const exitCode = await run(bin('vitest'), ['run', '--config', config, ...reporters, ...ownArguments], {
    COUNTERSIGN_SKIP_REASONS: reasons,
  });
  const { problems, ...count } = countSpecs(
    existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined,
    exitCode,
  );
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  if (existsSync(reasons)) {
    for (const { test, reason } of JSON.parse(readFileSync(reasons, 'utf8')))
      console.log(`skipped: ${test}: ${reason || 'no reason given'}`);
  }
  return count;
};

const inChecks = await runChecks();
const inSpecs = await runSpecs();
rmSync(scratch, { recursive: true, force: true });
const total = (kind) => inChecks[kind] + inSpecs[kind];
process.exitCode = total('failed') === 0 ? 0 : 1;
console.log(`\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
