import { file, type Rule } from './rule.js';
import { isTest, matches, type SourceFile } from './source-file.js';

const TOP_LEVEL = new Set(
  [
    [
      '.ci',
      '.gitignore',
      '.npmrc',
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'SECURITY.md',
    ],
    [
      'apps',
      'biome.json',
      'deploy',
      'docker-compose.yml',
      'docs',
      'libs',
      'nest-cli.json',
      'package-lock.json',
      'package.json',
    ],
    ['test', 'tsconfig.json'],
  ].flat(),
);

const isLicence = (path: string): boolean => /(?:^|\/)(?:LICENSE|NOTICE(?:\.md)?)$/.test(path);
const isRule = (path: string): boolean => path.startsWith('test/tidy/');

type Manifest = {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
};

/** Direct dependencies of package.json with the versions they ask for. */
export const dependenciesOf = (manifest: string): ReadonlyMap<string, string> => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(manifest) as Manifest;
  return new Map([...Object.entries(dependencies), ...Object.entries(devDependencies)]);
};

export const REPOSITORY_RULES: readonly Rule[] = [
  {
    says: 'the top level holds only what belongs there',
    check: ({ path }) =>
      TOP_LEVEL.has(path.split('/')[0] ?? '') ? [] : [`${path}: does not belong at the top level`],
    bad: [file('.eslintrc.json', '{}'), file('scripts/x.mjs', '')],
  },
  {
    says: 'no file names a path of one machine',
    check: ({ path, text }: SourceFile) =>
      isTest(path)
        ? []
        : matches(
            path,
            text,
            /(?<![\w.*/$}-])(\/(?:work|root|home|tmp|Users)\/[\w.-]+)/g,
            (found) => `${found} exists on one machine only`,
          ),
    bad: [
      file('README.md', 'see /work/x'),
      file('apps/cli/main.ts', "const folder = '/tmp/countersign';"),
      file('deploy/x.yaml', 'file: /home/me/x'),
    ],
  },
  {
    says: 'no file names a package registry or where a package was fetched from',
    check: ({ path, text }) =>
      isLicence(path) || isRule(path)
        ? []
        : matches(
            path,
            text,
            /(registry\.npmjs\.org|registry\.yarnpkg\.com|^\s*registry ?=.*$|"resolved": "https?:[^"]*)/gm,
            (found) => `${found}: leave it to each machine`,
          ),
    bad: [
      file('package-lock.json', '      "resolved": "https://packages.bank.example/zod.tgz"'),
      file('.npmrc', 'registry=https://packages.bank.example/'),
      file('README.md', 'https://registry.npmjs.org/zod'),
    ],
  },
  {
    says: 'direct dependencies are pinned to one version',
    check: ({ path, text }) =>
      path === 'package.json'
        ? [...dependenciesOf(text)]
            .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
            .map(([name, version]) => `package.json: ${name} ${version}`)
        : [],
    bad: [
      file('package.json', '{ "dependencies": { "zod": "^4.0.0" } }'),
      file('package.json', '{ "devDependencies": { "vitest": "latest" } }'),
    ],
  },
];
