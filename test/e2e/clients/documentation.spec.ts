import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
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

  it('has configurations that can be read', () => {
    const fences = [...PAGE.matchAll(/^```(json|yaml)\n([\s\S]*?)^```/gm)];
    expect(fences.length).toBeGreaterThanOrEqual(3);
    for (const [, language, text = ''] of fences)
      expect(() => (language === 'json' ? JSON.parse(text) : parse(text))).not.toThrow();
  });
});
