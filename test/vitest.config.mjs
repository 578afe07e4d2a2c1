// The suites run on the compiled code in dist/: exactly what is shipped, with worker threads and decorators as built.
export default {
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['dist/{apps,libs,test}/**/*.spec.js'],
    exclude: ['dist/test/nightly/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
};
