import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { RealClient } from './real-client.js';
import { programOf } from './real-programs.js';
import { environmentIn } from './run-program.js';
import { connectV1 } from './sdk-clients.js';

/** For clients that start servers as child processes only: the bridge is the child, a client of the SDK v1 its parent. */
const mcpRemote = (name: string, revision: '2025-11-25' | '2026-07-28'): RealClient => ({
  name,
  package: 'mcp-remote',
  revision,
  features: ['progress', 'prompts', 'resources', 'completion', 'questions'],
  connect: async ({ url, token }, folder) => {
    await mkdir(folder, { recursive: true });
    const home = await mkdtemp(join(folder, 'home-'));
    const headers = join(home, 'headers.txt');
    await writeFile(headers, `Authorization: Bearer ${token}\n`, { mode: 0o600 });
    const protocol = revision === '2026-07-28' ? ['--protocol', 'auto'] : [];
    return connectV1(
      new StdioClientTransport({
        command: process.execPath,
        args: [
          programOf('mcp-remote'),
          url,
          '--header-file',
          headers,
          '--transport',
          'http-only',
          ...protocol,
        ],
        env: environmentIn(home),
        stderr: 'ignore',
      }),
    );
  },
});

export const BRIDGE_CLIENTS: readonly RealClient[] = [
  mcpRemote('mcp-remote, legacy', '2025-11-25'),
  mcpRemote('mcp-remote, modern', '2026-07-28'),
];
