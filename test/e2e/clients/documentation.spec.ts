import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '#config/config.schema.js';
import { CLIENT_QUIRKS, type ClientQuirk } from '../../../apps/ingress/call/waiting/client-quirks.js';
import { DIST } from '../support/system.js';
import { CLIENTS, HELD_SHOWS } from './held-clients.js';
import type { Feature } from './real-client.js';
import { versionOf } from './real-programs.js';

const PAGE = readFileSync(join(DIST, '..', 'docs', 'clients.md'), 'utf8');
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

/** What was measured of calls that were approved after 75 s. */
const heldTable = (): string =>
  [
    row(['client', 'while nobody has decided it', 'it has the result of a call approved after 75 s']),
    row(['---', '---', '---']),
    ...CLIENTS.map(({ name }) =>
      row([
        name,
        HELD_SHOWS[name]?.how ?? '',
        HELD_SHOWS[name]?.shown === 'result' ? 'from the call itself' : 'from the identical call, sent again',
      ]),
    ),
  ].join('\n');

const LONG = 'waits up to `approvals.long_hold_ms`';
const differs = ({ noRounds, waitsLong }: ClientQuirk): string =>
  [
    noRounds && 'gets no rounds',
    waitsLong && (waitsLong === 'always' ? LONG : `${LONG} if it wants progress`),
  ]
    .filter(Boolean)
    .join(', ');
const quirkTable = (): string =>
  [
    row(['calls itself', 'differs', 'because it']),
    row(['---', '---', '---']),
    ...CLIENT_QUIRKS.map((quirk) =>
      row([`\`${quirk.anywhere ? '...' : ''}${quirk.name}...\``, differs(quirk), quirk.source]),
    ),
  ].join('\n');

describe('docs/clients.md', () => {
  it('says what each client makes of a call that waits for a person', () => {
    expect(PAGE).toContain(heldTable());
  });

  it('has each row of the table of clients that wait in another way', () => {
    expect(PAGE).toContain(quirkTable());
  });

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
