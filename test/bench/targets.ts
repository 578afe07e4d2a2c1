import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { exportJWK, generateKeyPair } from 'jose';
import { createDevIssuer } from '../../apps/dev-issuer/dev-issuer.js';

export interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Processes whose CPU time counts as the gateway's; none for the upstream itself. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
};

/** Starts a node child and gives its first line on stdout that matches. */
export const startProcess = (
  args: readonly string[],
  ready: RegExp,
): Promise<{ child: ChildProcess; line: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const line = output.split('\n').find((text) => ready.test(text));
      if (line !== undefined) resolve({ child, line });
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}: ${output.slice(-2_000)}`)));
  });

export const stopProcess = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
  });

export const startUpstream = async (): Promise<Target> => {
  const { child, line } = await startProcess([here('core-banking.process.js')], /^http/);
  return {
    name: 'upstream direct',
    url: line,
    headers: JSON_HEADERS,
    pids: () => [],
    stop: () => stopProcess(child),
  };
};

/** Servers that only read and write frames: plain node:http, and the gateway's way. */
export const startFrames = async (way: 'plain' | 'frames'): Promise<Target> => {
  const { child, line } = await startProcess([here('frames.process.js'), way], /^http/);
  return {
    name: way === 'plain' ? 'plain node:http' : 'frame path',
    url: line,
    headers: JSON_HEADERS,
    pids: () => [child.pid ?? 0],
    stop: () => stopProcess(child),
  };
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** mcp-proxy from npm in front of the same tools as a stdio child; a plain pipe without token, policy or record. */
export const startMcpProxy = async (): Promise<Target> => {
  const port = await freePort();
  const require = createRequire(import.meta.url);
  const program = join(require.resolve('mcp-proxy'), '..', 'bin', 'mcp-proxy.mjs');
  const { child } = await startProcess(
    [
      program,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--server',
      'stream',
      '--',
      process.execPath,
      here('core-banking-stdio.process.js'),
    ],
    /starting|listening|started|server/i,
  );
  const url = `http://127.0.0.1:${port}/mcp`;
  const session = await openSession(url);
  return {
    name: 'mcp-proxy',
    url,
    headers: { ...JSON_HEADERS, ...session },
    pids: () => [child.pid ?? 0],
    stop: () => stopProcess(child),
  };
};

const openSession = async (url: string): Promise<Record<string, string>> => {
  const transport = new StreamableHTTPClientTransport(new URL(url));
  const client = new Client({ name: 'bench', version: '1.0.0' });
  for (let attempt = 1; ; attempt++) {
    try {
      await client.connect(transport);
      break;
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  return {
    ...(transport.sessionId === undefined ? {} : { 'mcp-session-id': transport.sessionId }),
    'mcp-protocol-version': '2025-11-25',
  };
};

/** The issuer lives in the load process: it only serves its keys once. */
export const startIssuer = async (): Promise<{
  issuer: string;
  token: (audience: string) => Promise<string>;
  stop: () => Promise<void>;
}> => {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const known: string[] = [];
  // One key for all audiences: a gateway that has fetched the keys keeps them.
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kid: 'bench', use: 'sig', alg: 'RS256' };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  let dev: Awaited<ReturnType<typeof createDevIssuer>> | undefined;
  server.on('request', (request, response) => dev?.handler(request, response));
  return {
    issuer,
    token: async (audience) => {
      if (!known.includes(audience)) {
        known.push(audience);
        dev = await createDevIssuer({ development: true, issuer, resources: known, signingKey });
      }
      if (dev === undefined) throw new Error('no issuer');
      return dev.issueToken('risk-analyst', 3_600, [audience]);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** A configuration for one gateway in front of the benchmark's upstream. */
export const writeConfig = (
  folder: string,
  settings: { issuer: string; upstream: string; port: number },
): string => {
  const file = join(folder, 'countersign.yaml');
  const policy = fileURLToPath(new URL('../../../deploy/demo/policy.yaml', import.meta.url));
  writeFileSync(
    file,
    JSON.stringify({
      mode: 'development',
      policy_file: policy,
      data_dir: folder,
      http: { port: settings.port },
      identity: { issuers: [{ issuer: settings.issuer }] },
      upstreams: [{ name: 'core-banking', transport: 'http', url: settings.upstream }],
      log_level: 'error',
    }),
  );
  return file;
};

export { freePort, JSON_HEADERS };
