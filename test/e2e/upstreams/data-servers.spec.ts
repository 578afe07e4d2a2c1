import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { versionOf } from '../clients/real-programs.js';
import { clearIdentifiersBelow, clearIdentifiersIn } from '../support/personal-data.js';
import { approver, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { DIST, outputOf } from '../support/system.js';
import { waitUntil } from '../support/wait-until.js';
import { DATA_SERVERS, type DataServer, startDataServers } from './data-servers.js';
import { killAndRecover } from './kill-and-recover.js';
import { call, openClient, revisionOf } from './upstream-client.js';

const PAGE = readFileSync(join(DIST, '..', 'docs', 'clients.md'), 'utf8');

const named = (name: string, tools: readonly string[]): string =>
  JSON.stringify(tools.map((tool) => `${name}/${tool}`));

/**
 * Engineers read at once and write after an approval. Where one tool does both, the statement tells them apart: enough for
 * these statements, not for a bank, since statements can be chained.
 */
const policyFor = (servers: readonly DataServer[]): string => {
  const operations = servers.map(
    ({ name, reads, writes }) =>
      `  ${name}.read: { kind: read, tools: ${named(name, reads)} }\n  ${name}.write: { kind: write, tools: ${named(name, writes)} }`,
  );
  const ofKind = (kind: 'read' | 'write', isSql: boolean): string =>
    JSON.stringify(
      servers
        .filter(({ writes }) => writes.includes('execute_sql') === isSql)
        .map(({ name }) => `${name}.${kind}`),
    );
  const all = JSON.stringify(servers.map(({ name }) => `${name}.read`));
  return `policy: 1
name: data-servers
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
${operations.join('\n')}
rules:
  - { id: D-1, says: Engineers read., roles: [data-engineer], allow: ${all}, mask: pii }
  - id: D-2
    says: Engineers write after an approval.
    roles: [data-engineer]
    allow: ${ofKind('write', false)}
    approval: { by: [manager], count: 1, expires: 10m }
    mask: pii
  - id: D-3
    says: Engineers select rows.
    roles: [data-engineer]
    allow: ${ofKind('write', true)}
    when: { args.sql: { startsWith: "SELECT " } }
    mask: pii
  - id: D-4
    says: Engineers update rows after an approval.
    roles: [data-engineer]
    allow: ${ofKind('write', true)}
    when: { args.sql: { startsWith: "UPDATE " } }
    approval: { by: [manager], count: 1, expires: 10m }
    mask: pii
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: data-engineer, call: sqlite/execute_sql, args: { sql: DROP TABLE customers }, expect: deny }
`;
};

describe('servers with data', () => {
  let stage: Stage;
  let system: PrivateSystem;
  let servers: readonly DataServer[];
  beforeAll(async () => {
    stage = await openStage();
    servers = await startDataServers(stage);
    const upstreams = servers.map(({ name, settings }) => ({ name, ...settings }));
    system = await startPrivate(stage, { policy: policyFor(servers), upstreams });
  }, 90_000);
  afterAll(() => stage.close(), 30_000);

  describe.each(DATA_SERVERS)('%s', (name) => {
    let server: DataServer;
    beforeAll(() => {
      const found = servers.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no server ${name}`);
      server = found;
    });
    const open = () => openClient(system, name);

    it('speaks the revision that the documentation says', async () => {
      expect(await revisionOf(server.settings)).toBe(server.revision);
      const row = PAGE.split('\n').find((line) =>
        line.startsWith(`| \`${server.package}\` ${versionOf(server.package)} |`),
      );
      expect(row).toContain(` ${server.revision} |`);
    });

    it('shows the tools that policy knows, and no others', async () => {
      const client = await open();
      const listed = (await client.listTools()).tools.map((tool) => tool.name);
      expect([...listed].sort()).toEqual([...server.reads, ...server.writes].sort());
      await client.close();
    });

    it('gives its rows with every identifier masked, in JSON within text too', async () => {
      const client = await open();
      const { isError, text } = await call(client, server.read.tool, server.read.input);
      expect({ isError, text }).toEqual({ isError: false, text: expect.stringContaining('[US_SSN]') });
      expect(clearIdentifiersIn(text)).toEqual([]);
      await client.close();
    });

    it('writes once a manager has approved, and not before', async () => {
      const client = await open();
      const waiting = call(client, server.write.tool, server.write.input);
      const manager = await approver(system, 'manager-1');
      const held = await waitUntil('the approval', async () =>
        (await manager.list('pending')).find((one) => one.server === name),
      );
      expect(server.hasWritten()).toBe(false);
      expect(await manager.approve(held.id, { digest: held.digest })).toMatchObject({ status: 200 });
      expect(await waiting).toMatchObject({ isError: false });
      expect(server.hasWritten()).toBe(true);
      await client.close();
    });

    it('is away: calls fail clearly; back again it serves the same client', async () => {
      const client = await open();
      await killAndRecover(system, server.runs, () => call(client, server.read.tool, server.read.input));
      await client.close();
    });
  });

  it('leave no identifier in clear with the gateway, and every call can be replayed', async () => {
    expect(clearIdentifiersIn(outputOf(system))).toEqual([]);
    expect(await clearIdentifiersBelow(system.data)).toEqual([]);
    const { checked, identical } = await (await examiner(system)).replay();
    expect(checked).toBeGreaterThanOrEqual(DATA_SERVERS.length * 3);
    expect(identical).toBe(checked);
  });
});
