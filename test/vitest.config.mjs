import LongestFirst from './setup/longest-first.mjs';

// The suites run on the compiled code in dist/: exactly what is shipped, with worker threads and decorators as built.
export default {
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['dist/{apps,libs,test}/**/*.spec.js'],
    exclude: ['dist/test/nightly/**'],
    // For what hangs: a busy machine that is ten times slower passes, too.
    testTimeout: 60_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    // Of the two cores that CI has, the suites of whole systems leave some: they wait for people, clients and timers.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
};
