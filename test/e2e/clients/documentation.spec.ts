import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '#config/config.schema.js';
import { DIST } from '../support/system.js';
import { BRIDGE_CLIENTS } from './bridge-clients.js';
import { COMMAND_LINE_CLIENTS } from './command-line-clients.js';
import { FRAMEWORK_CLIENTS } from './framework-clients.js';
import type { Feature } from './real-client.js';
import { versionOf } from './real-programs.js';
import { SDK_CLIENTS } from './sdk-clients.js';

const PAGE = readFileSync(join(DIST, '..', 'docs', 'clients.md'), 'utf8');
const CLIENTS = [...SDK_CLIENTS, ...FRAMEWORK_CLIENTS, ...BRIDGE_CLIENTS, ...COMMAND_LINE_CLIENTS];
const FEATURES: readonly Feature[] = ['progress', 'prompts', 'resources', 'completion', 'questions'];

const SERVERS = [
  '@modelcontextprotocol/server-everything',
  '@modelcontextprotocol/server-filesystem',
  '@modelcontextprotocol/server-memory',
  'mcp-postgres-server',
  '@bytebase/dbhub',
];

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const clientTable = (): string =>
  [
    row(['client', 'package', 'speaks', ...FEATURES]),
    row(['---', '---', '---', ...FEATURES.map(() => '---')]),
    ...CLIENTS.map(({ name, package: its, revision, features }) =>
      row([
        name,
        `\`${its}\` ${versionOf(its)}`,
        revision,
        ...FEATURES.map((one) => (features.includes(one) ? 'yes' : '')),
      ]),
    ),
  ].join('\n');

describe('docs/clients.md', () => {
  it('says which client was tested with what', () => {
    expect(PAGE).toContain(clientTable());
  });

  it.each(SERVERS)('names the version of %s that was tested', (name) => {
    expect(PAGE).toContain(`\`${name}\` ${versionOf(name)}`);
  });

  const fences = (language: string): readonly string[] =>
    [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
      ([, text = '']) => text,
    );

  it('has configurations of clients that can be read', () => {
    const files = fences('json').map((text) => JSON.parse(text) as { readonly mcpServers?: object });
    expect(files.map(({ mcpServers = {} }) => Object.keys(mcpServers))).toEqual([['bank'], ['bank']]);
  });

  it('has a configuration of servers that the gateway takes', () => {
    const [text = ''] = fences('yaml');
    const config = configSchema.parse({ policy_file: 'policy.yaml', ...(parse(text) as object) });
    expect(config.upstreams.map(({ name }) => name)).toEqual(['warehouse', 'reports']);
  });
});
