import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './source-file.js';

/** Which rule of dependency-cruiser.config.cjs must refuse which import. */
const BAD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-cycles': { 'dist/libs/http/a.js': "import './b.js';", 'dist/libs/http/b.js': "import './a.js';" },
  resolvable: { 'dist/libs/http/c.js': "import './nowhere.js';" },
  declared: { 'dist/libs/http/d.js': "import 'undeclared';" },
  'no-development-packages-in-the-product': { 'dist/libs/http/e.js': "import 'for-development';" },
  'core-alone': { 'dist/libs/core/a.js': "import 'node:fs';" },
  'libs-know-no-app': { 'dist/libs/http/f.js': "import '../../apps/ledger/ledger.js';" },
  'apps-meet-on-the-bus': { 'dist/apps/ingress/a.js': "import '../ledger/ledger.js';" },
  'nats-in-bus-only': { 'dist/apps/ledger/b.js': "import '@nats-io/transport-node';" },
  'event-store-adapters-in-ledger-only': {
    'dist/apps/ingress/c.js': "import '../../libs/event-store/sqlite/store.js';",
  },
  'private-keys-in-masking-only': { 'dist/apps/ledger/d.js': "import '../../libs/sealing/opener.js';" },
  'log-key-in-the-log-only': { 'dist/apps/cli/e.js': "import '../ledger/log/log-key.js';" },
  'nest-at-the-edges': { 'dist/libs/jobs/a.js': "import '@nestjs/common';" },
};

const packageFiles = (name: string) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
  [`node_modules/${name}/index.js`]: '',
});

const OTHERS = {
  'package.json': JSON.stringify({
    type: 'module',
    dependencies: { '@nats-io/transport-node': '1.0.0', '@nestjs/common': '1.0.0' },
    devDependencies: { 'for-development': '1.0.0' },
  }),
  ...packageFiles('@nats-io/transport-node'),
  ...packageFiles('@nestjs/common'),
  ...packageFiles('for-development'),
  ...packageFiles('undeclared'),
  'dist/apps/ledger/ledger.js': '',
  'dist/libs/event-store/sqlite/store.js': '',
  'dist/libs/sealing/opener.js': '',
  'dist/apps/ledger/log/log-key.js': '',
};

let folder = '';
let violated: readonly string[] = [];

const cruise = (cwd: string): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const config = join(ROOT, 'test/tidy/dependency-cruiser.config.cjs');
    execFile(
      process.execPath,
      [program, '--config', config, '--output-type', 'json', 'dist'],
      { cwd, maxBuffer: 2 ** 24 },
      (error, stdout) => {
        try {
          const { summary } = JSON.parse(stdout) as {
            summary: { violations: readonly { rule: { name: string }; from: string }[] };
          };
          resolve(summary.violations.map(({ rule, from }) => `${rule.name} ${from}`));
        } catch {
          reject(error ?? new Error('dependency-cruiser printed no JSON'));
        }
      },
    );
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-cruise-'));
  for (const [path, text] of Object.entries(
    Object.assign({}, OTHERS, ...Object.values(BAD)) as Record<string, string>,
  )) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  violated = await cruise(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('each import rule on compiled code can fail', () => {
  for (const [rule, files] of Object.entries(BAD)) {
    it(`${rule}: its bad example is refused`, () => {
      expect(violated).toContain(`${rule} ${Object.keys(files)[0]}`);
    });
  }

  it('every rule of the configuration has a bad example', async () => {
    const { default: config } = (await import(join(ROOT, 'test/tidy/dependency-cruiser.config.cjs'))) as {
      default: { forbidden: readonly { name: string }[] };
    };
    expect(config.forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(BAD).sort());
  });
});
