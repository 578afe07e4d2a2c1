// Runs before the tests: the programs of others that the suites drive unmodified (MCP clients, MCP servers, the official
// conformance suite), locked in test/real/package-lock.json. A folder of their own, so that serving the gateway does not
// install them. Node built-ins only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'real');
const installed = join(folder, 'node_modules', '.countersign-installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(folder, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex');

if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
  process.stderr.write('countersign: installing the programs that the tests drive; this happens once\n');
  // No install scripts: none of these programs needs one, and what a test runs should be only what is locked.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, ...rest] = npm?.endsWith('.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
  const { status } = spawnSync(command, rest, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write('countersign: npm ci in test/real failed; is the npm registry reachable?\n');
    process.exit(1);
  }
  writeFileSync(installed, wanted);
}
