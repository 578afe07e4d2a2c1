import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT } from '../tidy/source-file.js';

const READY = /^Countersign is ready: (\S+)$/m;
const START_MS_MAX = 60_000;
const DEFAULT_ADDRESS = 'http://127.0.0.1:8080';

export interface ServedInstance {
  /** Runs commands of a page one after the other in one shell, as a reader would; answers what each block printed. */
  run(blocks: readonly string[]): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts what `npm start` starts, on a free port and in a folder of its own. */
export const serveInstance = async (): Promise<ServedInstance> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-docs-'));
  const main = join(ROOT, 'dist/apps/cli/main.js');
  const server = spawn(process.execPath, [main, 'serve', '--port', '0', '--data', join(folder, 'data')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async (): Promise<void> => {
    await ended(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await readyUrl(server);
    await writeFile(join(folder, 'npx'), npxScript(main, url), { mode: 0o755 });
    const env = {
      ...process.env,
      PATH: [folder, process.env['PATH']].join(delimiter),
      COUNTERSIGN_TOKEN: '',
    };
    return {
      run: (blocks) =>
        runInShell(
          blocks.map((block) => block.replaceAll(DEFAULT_ADDRESS, url)),
          env,
        ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Stands in for npx: this checkout's command, told where the instance is, since pages use the default address. */
const npxScript = (main: string, url: string): string =>
  [
    '#!/usr/bin/env bash',
    'set -eu',
    '[ "$1" = countersign ] || { echo "unexpected: npx $1" >&2; exit 127; }',
    'shift',
    `case "$1" in serve|distributed|demo|policy|verify) ;; *) set -- "$@" --server ${url} ;; esac`,
    `exec "${process.execPath}" "${main}" "$@"`,
    '',
  ].join('\n');

const readyUrl = (server: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string) => reject(new Error(`the instance ${why}:\n${output}`));
    const timer = setTimeout(() => fail('did not get ready'), START_MS_MAX);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = READY.exec(output)?.[1];
      if (url !== undefined) settle(() => resolve(url));
    };
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      done();
    };
    server.stdout?.on('data', read);
    server.stderr?.on('data', read);
    server.once('exit', (code) => settle(() => fail(`ended with ${code}`)));
  });

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });

const MARK = '--- next block ---';

const runInShell = (blocks: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const script = ['set -euo pipefail', ...blocks.map((block) => `${block}\necho; echo '${MARK}'`)].join(
      '\n',
    );
    const shell = spawn('bash', ['-c', script], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    shell.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    shell.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    shell.once('error', reject);
    shell.once('close', (code) => {
      if (code === 0) resolve(output.split(MARK).slice(0, blocks.length));
      else reject(new Error(`exit code ${code}\n${output}\n${errors}`));
    });
  });
