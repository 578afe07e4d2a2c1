import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DIST } from '../e2e/support/system.js';

/** The programs of others are a package of their own, which only the tests install. */
const SUITE = join(DIST, '..', 'test', 'real', 'node_modules', '@modelcontextprotocol', 'conformance');

export type Revision = '2025-11-25' | '2026-07-28';
export type Leg = 'server' | 'client';

/** What one scenario found wrong; nothing means that it passed. */
export type Findings = ReadonlyMap<string, readonly string[]>;

/** The scenarios of a revision as the suite has frozen them. */
export interface Requirements {
  /** Conformance to the revision needs these. */
  readonly required: readonly string[];
  /** Run as well: extensions, and scenarios that came later. */
  readonly further: readonly string[];
}

interface RequirementsFile {
  readonly server: readonly string[];
  readonly client: readonly string[];
  readonly not_scored: readonly { readonly scenario: string; readonly leg: Leg }[];
}

export const requirementsOf = async (revision: Revision, leg: Leg): Promise<Requirements> => {
  const file = parse(
    await readFile(join(SUITE, 'requirements', `${revision}.yaml`), 'utf8'),
  ) as RequirementsFile;
  const further = file.not_scored.filter((one) => one.leg === leg).map(({ scenario }) => scenario);
  return { required: file[leg], further };
};

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly description?: string;
  readonly errorMessage?: string;
}

/** A warning is a finding too: the gateway does what it SHOULD do. */
const findingsIn = (checks: readonly Check[]): string[] =>
  checks
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map(({ id, status, errorMessage, description }) => {
      const text = `${id}: ${errorMessage ?? description ?? 'failed'}`;
      return status === 'WARNING' ? WARNING + text : text;
    });

const WARNING = 'warning: ';

/** Warnings only: some of them measure time to 200 ms, which a busy machine cannot keep. */
export const isOnlyWarned = (findings: readonly string[]): boolean =>
  findings.length > 0 && findings.every((finding) => finding.startsWith(WARNING));

/** Folders are named leg-scenario-time for servers and scenario-time for clients; a slash parts sub-folders. */
const readFindings = async (folder: string, scenarios: readonly string[], leg: Leg): Promise<Findings> => {
  const folders = await readdir(folder, { recursive: true });
  const findings = new Map<string, readonly string[]>();
  for (const scenario of scenarios) {
    const prefix = leg === 'server' ? `server-${scenario}-20` : `${scenario}-20`;
    const found = folders.find((name) => name.startsWith(prefix) && name.endsWith('checks.json'));
    const checks =
      found === undefined ? [] : (JSON.parse(await readFile(join(folder, found), 'utf8')) as Check[]);
    findings.set(scenario, checks.length === 0 ? ['the scenario left no result'] : findingsIn(checks));
  }
  return findings;
};

/** Runs the suite's command line to its end. Answers what it wrote. */
const runSuite = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(SUITE, 'dist', 'index.js'), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });

/** Tests the server at this address with every scenario of the revision. */
export const testServer = async (url: string, revision: Revision, folder: string): Promise<Findings> => {
  const { required, further } = await requirementsOf(revision, 'server');
  const output = await runSuite(['server', '--url', url, '--requirements', revision, '-o', folder]);
  return readFindings(folder, [...required, ...further], 'server').catch((error) => {
    throw new Error(`the suite left no results: ${String(error)}\n${output.slice(-4_000)}`);
  });
};

/** How the suite starts the client. */
export interface ClientCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

const CLIENT_TIMEOUT_MS = 60_000;

/** Tests a client with one scenario of the revision. Answers what the scenario found wrong. */
export const testClient = async (
  { command, env }: ClientCommand,
  scenario: string,
  revision: Revision,
  folder: string,
): Promise<readonly string[]> => {
  const args = [
    'client',
    '--command',
    command,
    '--scenario',
    scenario,
    '--spec-version',
    revision,
    '-o',
    folder,
  ];
  // Extensions belong to no revision; they are run at this one all the same.
  const output = await runSuite([...args, '--force', '--timeout', String(CLIENT_TIMEOUT_MS)], env);
  const found = (await readFindings(folder, [scenario], 'client')).get(scenario) ?? [];
  const exited = output.indexOf('Client exited with code');
  return found.length === 0 || exited < 0 ? found : [...found, output.slice(exited, exited + 600)];
};
