import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoCustomer } from '../support/personal-data.js';
import { approver, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { waitUntil } from '../support/wait-until.js';
import { type EverythingServer, everythingAsChild, startEverything } from './everything-servers.js';
import { killAndRecover } from './kill-and-recover.js';
import { call, openClient } from './upstream-client.js';

const TRANSPORTS = ['stdio', 'http', 'sse'] as const;
const LEGACY = { versionNegotiation: { mode: 'legacy' } } as const;
const READS = [
  'echo',
  'get-structured-content',
  'get-resource-reference',
  'get-tiny-image',
  'trigger-long-running-operation',
];
const WRITE = 'toggle-simulated-logging';
const PROMPTS = ['args-prompt', 'completable-prompt', 'resource-prompt'];
const DOCUMENT = 'demo://resource/static/document/architecture.md';
const TEMPLATE = 'demo://resource/dynamic/text/{resourceId}';

const of = (names: readonly string[]): string =>
  JSON.stringify(TRANSPORTS.flatMap((server) => names.map((name) => `${server}/${name}`)));

const POLICY = `policy: 1
name: everything
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  use:
    kind: read
    tools: ${of(READS)}
    prompts: ${of(PROMPTS)}
    resources: ${of([DOCUMENT, 'demo://resource/dynamic/text/*'])}
  change: { kind: write, tools: ${of([WRITE])} }
  log: { kind: read, methods: [http/logging/setLevel] }
rules:
  - { id: E-1, says: Engineers use the server., roles: [data-engineer], allow: [use, log], mask: pii }
  - id: E-2
    says: Engineers switch logging on after an approval.
    roles: [data-engineer]
    allow: [change]
    approval: { by: [manager], count: 1, expires: 10m }
    mask: pii
masking:
  pii:
    - { kinds: [US_SSN, PAN, EMAIL, PHONE, DOB], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: data-engineer, call: stdio/echo, args: {}, expect: allow E-1 masked }
`;

describe('the reference server with all features', () => {
  let stage: Stage;
  let system: PrivateSystem;
  const servers = new Map<string, EverythingServer>();

  beforeAll(async () => {
    stage = await openStage();
    servers.set('stdio', { settings: everythingAsChild('stdio'), runs: undefined });
    const [http, sse] = await Promise.all([startEverything(stage, 'http'), startEverything(stage, 'sse')]);
    servers.set('http', http);
    servers.set('sse', sse);
    const upstreams = [...servers.values()].map(({ settings }) => settings);
    system = await startPrivate(stage, { policy: POLICY, upstreams });
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  describe.each(TRANSPORTS)('over %s', (transport) => {
    let client: Client;
    beforeAll(async () => {
      client = await openClient(system, transport);
    });
    afterAll(() => client.close());

    it('shows what policy knows of each list', async () => {
      const tools = (await client.listTools()).tools.map(({ name }) => name);
      expect([...tools].sort()).toEqual([...READS, WRITE].sort());
      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(PROMPTS);
      expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual([DOCUMENT]);
      const templates = (await client.listResourceTemplates()).resourceTemplates;
      expect(templates.map(({ uriTemplate }) => uriTemplate)).toEqual([TEMPLATE]);
    });

    it('gives results masked, structured ones and resources within results too', async () => {
      const { ssn } = demoCustomer(3);
      const echoed = await call(client, 'echo', { message: `SSN ${ssn}` });
      expect(echoed.isError).toBe(false);
      expect(echoed.text).toContain('[US_SSN]');
      expect(echoed.text).not.toContain(ssn);
      const weather = await client.callTool({
        name: 'get-structured-content',
        arguments: { location: 'Chicago' },
      });
      expect(weather.structuredContent).toMatchObject({ conditions: expect.any(String) });
      const reference = await call(client, 'get-resource-reference', { resourceType: 'Text', resourceId: 1 });
      expect(reference).toMatchObject({
        isError: false,
        text: expect.stringContaining('demo://resource/dynamic/text/1'),
      });
    });

    it('gives no picture where policy blocks what cannot be searched', async () => {
      const picture = await client.callTool({ name: 'get-tiny-image', arguments: {} });
      expect(picture.content.filter(({ type }) => type === 'image')).toEqual([]);
    });

    it('gets prompts, reads resources, and completes both', async () => {
      const prompt = await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Oslo' } });
      expect(JSON.stringify(prompt.messages)).toContain('Oslo');
      expect(JSON.stringify(await client.readResource({ uri: DOCUMENT }))).toContain('Architecture');
      const dynamic = await client.readResource({ uri: 'demo://resource/dynamic/text/7' });
      expect(JSON.stringify(dynamic)).toContain('Resource 7');
      const inPrompt = await client.complete({
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'name', value: '' },
        context: { arguments: { department: 'Sales' } },
      });
      expect(inPrompt.completion.values).toContain('David');
      const inTemplate = await client.complete({
        ref: { type: 'ref/resource', uri: TEMPLATE },
        argument: { name: 'resourceId', value: '4' },
      });
      expect(inTemplate.completion.values).toEqual(['4']);
    });

    it('tells the progress of a call', async () => {
      const seen: number[] = [];
      const input = { duration: 0.3, steps: 3 };
      await client.callTool(
        { name: 'trigger-long-running-operation', arguments: input },
        { onprogress: ({ progress }) => seen.push(progress) },
      );
      expect(seen).toContain(2);
    });

    it('changes something once a manager has approved', async () => {
      const waiting = call(client, WRITE, {});
      const manager = await approver(system, 'manager-1');
      const held = await waitUntil('the approval', async () =>
        (await manager.list('pending')).find(({ server }) => server === transport),
      );
      await manager.approve(held.id, { digest: held.digest });
      expect(await waiting).toMatchObject({ isError: false, text: expect.stringContaining('Started') });
    });

    it('is killed: calls fail clearly; back again it serves the same client', async () => {
      const runs = servers.get(transport)?.runs ?? 'server-everything';
      await killAndRecover(system, runs, () => call(client, 'echo', { message: 'still there' }));
    });
  });

  it.each([
    ['stdio', false],
    ['http', true],
  ] as const)(
    'a legacy client of %s is offered log levels: %s, as policy says',
    async (transport, isAllowed) => {
      const client = await openClient(system, transport, 'data-engineer', LEGACY);
      expect(client.getServerCapabilities()?.logging !== undefined).toBe(isAllowed);
      const set = client.setLoggingLevel('error').then(
        () => true,
        () => false,
      );
      expect(await set).toBe(isAllowed);
      await client.close();
    },
  );

  it('every call can be replayed', async () => {
    const { checked, identical, different } = await (await examiner(system)).replay();
    expect({ identical, different }).toEqual({ identical: checked, different: [] });
  });
});
