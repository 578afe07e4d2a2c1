// Runs before every npm command of the project, with whatever Node is at hand (18 or later) and Node built-ins only:
// installs the locked packages and builds, each only when something changed since the last time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const at = (...parts) => join(root, ...parts);
// Quiet about engines: the locked Node runs everything, whatever Node runs npm.
const CI = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
const NODE = at('node_modules', '.bin', 'node');
const INSTALLED = at('node_modules', '.countersign-installed');
const BUILT = at('dist', '.countersign-built');

const say = (text) => process.stderr.write(`countersign: ${text}\n`);

const run = (command, args, failure) => {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  say(`${failure}${error ? ` (${error.message})` : ''}`);
  process.exit(status ?? 1);
};

const readOr = (file, otherwise) => (existsSync(file) ? readFileSync(file, 'utf8') : otherwise);

const install = () => {
  const wanted = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .update(process.platform)
    .update(process.arch)
    .digest('hex');
  if (readOr(INSTALLED, '') === wanted && existsSync(NODE)) return;
  say('installing packages (npm ci); this happens once');
  const npm = process.env.npm_execpath;
  const failure = 'npm ci failed; is the npm registry reachable?';
  if (npm?.endsWith('.js')) run(process.execPath, [npm, ...CI], failure);
  else run('npm', CI, failure);
  writeFileSync(INSTALLED, wanted);
};

const sources = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.ts$/.test(entry.name) ? [path] : [];
  });

const build = () => {
  const hash = createHash('sha256')
    .update(readOr(INSTALLED, ''))
    .update(readFileSync(at('tsconfig.json')));
  for (const file of ['apps', 'libs', 'test', 'deploy'].flatMap((folder) => sources(at(folder))).sort()) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  const wanted = hash.digest('hex');
  if (readOr(BUILT, '') === wanted) return;
  say('building');
  rmSync(at('dist'), { recursive: true, force: true });
  run(
    NODE,
    [at('node_modules', 'typescript', 'lib', 'tsc.js'), '-p', at('tsconfig.json')],
    'the build failed',
  );
  writeFileSync(BUILT, wanted);
};

/** `npx countersign` runs this checkout's own command. */
const link = () => {
  const main = at('dist', 'apps', 'cli', 'main.js');
  const command = at('node_modules', '.bin', 'countersign');
  chmodSync(main, 0o755);
  if (existsSync(command)) return;
  mkdirSync(dirname(command), { recursive: true });
  rmSync(command, { force: true });
  symlinkSync(join('..', '..', 'dist', 'apps', 'cli', 'main.js'), command);
};

install();
build();
link();
