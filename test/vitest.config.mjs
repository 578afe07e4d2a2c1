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
    maxWorkers: 2,
  },
};
