import { spawn } from 'node:child_process';

/** What a program of others wrote, and how it ended. */
export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of others gets a home of its own: no setting of this machine goes in, nothing is left behind. */
export const environmentIn = (home: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  XDG_CONFIG_HOME: home,
  NO_COLOR: '1',
  // Nothing here may open a browser.
  BROWSER: 'false',
});

/** A call may be held for more than a minute. */
const RUN_MS_MAX = 120_000;

/** Runs a Node program to its end. */
export const runProgram = (file: string, args: readonly string[], home: string): Promise<Run> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      env: environmentIn(home),
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_MS_MAX,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
