// Runs before the tests: the programs the suites start on loopback. Node built-ins only, any Node from 18 on.
// On Debian or Ubuntu as root missing programs are installed; everywhere else the message says what to install.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program (or a file that has to be there), Debian package, and what needs it. */
const TOOLS = [
  { program: 'nats-server', package: 'nats-server', used_by: 'the suites of the distributed shape' },
  { program: 'redis-server', package: 'redis-server', used_by: 'the suites of the BullMQ timers' },
  { program: 'postgres', package: 'postgresql', used_by: 'the suites of database servers' },
  { program: 'openssl', package: 'openssl', used_by: 'the suites of evidence packs' },
  { program: 'unzip', package: 'unzip', used_by: 'the suites of evidence packs' },
  {
    program: 'chromium',
    package: 'chromium',
    used_by: 'the suites of the evidence report and of the approval page',
  },
  { program: '/usr/bin/go', package: 'golang-go', used_by: 'the suites of evidence packs' },
  {
    program: '/usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go',
    package: 'golang-golang-x-mod-dev',
    used_by: 'the suites of evidence packs',
  },
  { program: 'strace', package: 'strace', used_by: 'the suites that make system calls fail' },
  { program: 'spin', package: 'spin', used_by: 'the model of the approval protocol' },
  { program: 'gcc', package: 'gcc libc6-dev', used_by: 'the model of the approval protocol' },
  { program: 'ps', package: 'procps', used_by: 'the suites that kill children of the gateway' },
];

/** Debian puts servers where the PATH of an ordinary user does not look, PostgreSQL into a folder for each version. */
const POSTGRES = '/usr/lib/postgresql';
const folders = () => [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
  ...(existsSync(POSTGRES) ? readdirSync(POSTGRES).map((version) => join(POSTGRES, version, 'bin')) : []),
];
const isMissing = ({ program }) =>
  program.startsWith('/')
    ? !existsSync(program)
    : !folders().some((folder) => existsSync(join(folder, program)));
const say = (text) => process.stderr.write(`countersign: ${text}\n`);

const aptGet = (...args) =>
  spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

const install = (names) => {
  for (let attempt = 1; attempt <= 2; attempt++) {
    aptGet('update');
    if (aptGet('install', '-y', '--no-install-recommends', ...names)) return true;
    if (attempt === 1) say('apt-get failed; trying once more');
  }
  return false;
};

const missing = TOOLS.filter(isMissing);
if (missing.length > 0) {
  const names = missing.flatMap((tool) => tool.package.split(' '));
  const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  if (isDebianRoot) {
    say(`installing ${names.join(' ')} (apt-get); this happens once`);
    install(names);
  }
  const still = TOOLS.filter(isMissing);
  if (still.length > 0) {
    for (const tool of still) say(`${tool.program} is not installed; ${tool.used_by} need it`);
    say(`install it, for example: sudo apt-get install ${still.map((tool) => tool.package).join(' ')}`);
    process.exit(1);
  }
}
