// Import rules checked on the compiled code, exactly as Node resolves it. What disappears in compilation (types) is
// checked on the sources by test/tidy/tidy.spec.ts; the rules are the same.
const SPEC = '\\.(spec|fixture|samples)\\.js$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      comment: 'every import leads somewhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'packages stand in package.json by themselves, not by way of another package',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'] },
    },
    {
      name: 'no-development-packages-in-the-product',
      comment: 'the development issuer and the synthetic bank are for development',
      severity: 'error',
      from: {
        path: '^dist/(apps|libs)/',
        pathNot: [SPEC, '^dist/apps/(dev-issuer|demo-bank|standalone|cli)/'],
      },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'core-alone',
      severity: 'error',
      from: { path: '^dist/libs/core/', pathNot: SPEC },
      to: { pathNot: '^dist/libs/core/' },
    },
    {
      name: 'libs-know-no-app',
      severity: 'error',
      from: { path: '^dist/libs/' },
      to: { path: '^dist/apps/' },
    },
    {
      name: 'apps-meet-on-the-bus',
      severity: 'error',
      from: { path: '^dist/apps/([^/]+)/', pathNot: '^dist/apps/(standalone|cli)/' },
      to: { path: '^dist/apps/', pathNot: '^dist/apps/$1/' },
    },
    {
      name: 'nats-in-bus-only',
      severity: 'error',
      from: { path: '^dist/', pathNot: '^dist/libs/bus/' },
      to: { path: 'node_modules/@nats-io/' },
    },
    {
      name: 'event-store-adapters-in-ledger-only',
      severity: 'error',
      from: { path: '^dist/', pathNot: '^dist/(apps/ledger|libs/event-store)/' },
      to: { path: '^dist/libs/event-store/(sqlite|kurrentdb)/' },
    },
    {
      name: 'private-keys-in-masking-only',
      severity: 'error',
      from: { path: '^dist/', pathNot: ['^dist/(apps/masking|libs/sealing)/', SPEC] },
      to: { path: '^dist/libs/sealing/(opener|file-keys)\\.js$' },
    },
    {
      name: 'log-key-in-the-log-only',
      comment: 'whoever has it can sign any history',
      severity: 'error',
      from: { path: '^dist/', pathNot: ['^dist/apps/ledger/log/', SPEC] },
      to: { path: '^dist/apps/ledger/log/log-key\\.js$' },
    },
    {
      name: 'nest-at-the-edges',
      severity: 'error',
      from: { path: '^dist/libs/', pathNot: ['^dist/libs/(bus|http|service)/', SPEC] },
      to: { path: 'node_modules/(@nestjs|class-validator|class-transformer|reflect-metadata)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'default'],
      mainFields: ['main'],
    },
  },
};
