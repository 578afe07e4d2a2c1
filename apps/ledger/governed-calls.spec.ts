import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordedDecision } from '#core/call/call.events.js';
import { targetOf } from '#core/call/target.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import { decidePolicy } from '#core/policy/decide-policy.js';
import { type IndexedPolicy, indexPolicy } from '#core/policy/index-policy.js';
import type { PolicyFile } from '#policy-file/parse-policy-file.js';
import { type History, openHistory, type Sketch } from './history.fixture.js';
import { Projection } from './projection/projection.js';
import { Replay } from './replay/replay.js';
import { readTranscript } from './transcript.js';

const POLICY = `
policy: 1
name: governed
default: deny
roles:
  clerk: { groups: [CLERKS] }
operations:
  use: { kind: read, tools: [s/get], prompts: [s/letter] }
  read: { kind: read, resources: [s/test://t/*] }
  ask: { kind: read, methods: [s/elicitation/create, s/logging/setLevel] }
rules:
  - { id: U, says: Clerks use it., roles: [clerk], allow: [use, ask] }
  - { id: R, says: Clerks read what is short., roles: [clerk], allow: [read], when: { args.uri: { size: { max: 12 } } } }
tests:
  - { as: clerk, call: s/get, expect: allow U }
`;

let history: History;
let file: PolicyFile;
let policy: IndexedPolicy;
const NOW = '2026-11-22T12:00:00.000Z';
const FACTS = { groups: ['CLERKS'], now: NOW, token: {} };

/** As the gateway decides: by the target of the method and its params. */
const decide = (method: string, params: JsonObject) => {
  const target = targetOf(method, params);
  if (target === undefined) throw new Error(method);
  const { kind, name, args } = target;
  const decision = decidePolicy(policy, { ...FACTS, kind, server: 's', tool: name, args });
  return { ...FACTS, decision: recordedDecision(decision), policyDigest: file.digest, profileDigest: null };
};
const requested = (method: string | undefined, tool: string, params: JsonObject): Sketch => ({
  type: 'CallRequested',
  data: {
    agent: null,
    caller: { principal: 'ana', client: 'agent', groups: ['CLERKS'], token: {} },
    ...(method === undefined ? {} : { method }),
    server: 's',
    tool,
    toolDigest: null,
  },
  sealed: params,
});
const record = async (method: string | undefined, tool: string, params: JsonObject, ...more: Sketch[]) => {
  const id = randomUUID();
  const data = decide(method ?? 'tools/call', params);
  await history.record(
    `call-${id}`,
    -1,
    requested(method, tool, params),
    { type: 'CallDecided', data },
    ...more,
  );
  return { id, effect: data.decision.effect, operation: data.decision.operation };
};

const FORWARDED: Sketch = {
  type: 'ForwardIntended',
  data: { instance: 'i-1', deadline_ms: 1, approvalId: null },
};
const ENDED: readonly Sketch[] = [
  { type: 'CallReturned' },
  {
    type: 'ResultMasked',
    data: { counts: {} },
    sealed: { findings: [], masked: { resultType: 'input_required' } },
  },
  { type: 'CallCompleted', data: { outcome: 'input_required' } },
];
const QUESTION = { message: 'Which month?', requestedSchema: {} };

beforeAll(async () => {
  history = await openHistory();
  file = await history.recordPolicy(POLICY);
  policy = indexPolicy(file.bundle);
});
afterAll(() => history.close());

describe('a call of any kind', () => {
  it.each([
    [undefined, 'get', { name: 'get', arguments: {} }, 'use'],
    ['tools/call', 'get', { name: 'get', arguments: {} }, 'use'],
    ['prompts/get', 'letter', { name: 'letter' }, 'use'],
    ['completion/complete', 'letter', { ref: { type: 'ref/prompt', name: 'letter' } }, 'use'],
    ['resources/read', 'resources/read', { uri: 'test://t/1' }, 'read'],
    ['resources/read', 'resources/read', { uri: 'test://t/12345' }, 'read'],
    ['resources/read', 'resources/read', { uri: 'test://u/1' }, null],
    ['logging/setLevel', 'logging/setLevel', { level: 'debug', _meta: { a: 1 } }, 'ask'],
  ] as const)('%s %s %j is decided again as it was', async (method, tool, params, operation) => {
    const call = await record(method, tool, params as JsonObject);
    expect(call.operation).toBe(operation);
    expect(await new Replay(history.store, history.bus).run({ call: call.id })).toMatchObject({
      checked: 1,
      identical: 1,
      different: [],
    });
  });

  it('that is recorded with a decision which policy did not make is found', async () => {
    const id = randomUUID();
    const params = { uri: 'test://u/1' };
    const data = { ...decide('resources/read', { uri: 'test://t/1' }) };
    const events = [
      requested('resources/read', 'resources/read', params),
      { type: 'CallDecided', data } as const,
    ];
    await history.record(`call-${id}`, -1, ...events);
    const { different } = await new Replay(history.store, history.bus).run({ call: id });
    expect(different).toMatchObject([
      { callId: id, what: 'decision', replayed: { decision: { effect: 'deny' } } },
    ]);
  });
});

describe('a question of an upstream', () => {
  const asks = (question: number, params: JsonObject, because: string | null = null): Sketch => ({
    type: 'InputRequested',
    data: { ...decide('elicitation/create', params), because, method: 'elicitation/create', question },
    sealed: params,
  });
  const answered = (question: number, outcome: string, sealed?: JsonObject): Sketch => ({
    type: 'InputAnswered',
    data: { method: 'elicitation/create', outcome, question },
    ...(sealed === undefined ? {} : { sealed }),
  });

  it('is decided again from what was shown', async () => {
    const events = [FORWARDED, asks(1, QUESTION), answered(1, 'answered', { action: 'accept' })];
    const { id } = await record(undefined, 'get', { name: 'get' }, ...events);
    const replay = new Replay(history.store, history.bus);
    expect(await replay.run({ call: id })).toMatchObject({ checked: 2, identical: 2 });
    const stricter = { ...file.bundle, rules: file.bundle.rules.slice(1) };
    const whatIf = await replay.run({ call: id, with: stricter });
    expect(whatIf.different.map(({ replayed }) => replayed)).toMatchObject([
      { decision: { effect: 'deny', operation: 'use' } },
      { decision: { effect: 'deny', operation: 'ask' } },
    ]);
  });

  it('stands in the transcript with its answer', async () => {
    const events = [
      FORWARDED,
      asks(1, QUESTION),
      asks(2, { message: 'More?' }, 'the client declares no elicitation'),
      answered(2, 'refused'),
      answered(1, 'answered', { action: 'accept', content: { month: '11' } }),
      ...ENDED,
      { type: 'CallContinued', data: { by: 'c-2' } } as const,
    ];
    const { id } = await record('prompts/get', 'letter', { name: 'letter' }, ...events);
    const transcript = await readTranscript(history.store, history.bus, id);
    expect(transcript).toMatchObject({
      method: 'prompts/get',
      tool: 'letter',
      continuedBy: 'c-2',
      request: { name: 'letter' },
      response: { resultType: 'input_required' },
      outcome: { type: 'CallCompleted', outcome: 'input_required' },
      questions: [
        {
          question: 1,
          method: 'elicitation/create',
          because: null,
          decision: { effect: 'allow', rules: ['U'] },
          shown: QUESTION,
          answer: { outcome: 'answered', given: { action: 'accept', content: { month: '11' } } },
        },
        {
          question: 2,
          because: 'the client declares no elicitation',
          answer: { outcome: 'refused', given: null },
        },
      ],
    });
  });

  it('that nobody has answered says so', async () => {
    const { id } = await record(undefined, 'get', { name: 'get' }, FORWARDED, asks(1, QUESTION));
    const { questions, method } = await readTranscript(history.store, history.bus, id);
    expect(questions).toMatchObject([{ question: 1, answer: null }]);
    expect(method).toBe('tools/call');
  });
});

describe('the list of calls', () => {
  it('says the method of each, and is searched by it, also where an older list stood', async () => {
    const path = join(history.folder, 'projection.db');
    const older = new DatabaseSync(path);
    older.exec(`CREATE TABLE progress (only_row INTEGER PRIMARY KEY, version INTEGER NOT NULL, position TEXT) STRICT;
      CREATE TABLE calls (n INTEGER PRIMARY KEY, id TEXT, outcome TEXT) STRICT;
      INSERT INTO progress VALUES (1, 1, '999999')`);
    older.close();
    const asked = await record('prompts/get', 'letter', { name: 'letter' }, FORWARDED, ...ENDED);
    const plain = await record(undefined, 'get', { name: 'get' });
    const projection = new Projection(history.store, path);
    try {
      const prompts = await projection.list({
        order: 'newest',
        filter: { method: 'prompts/get' },
        limit: 100,
      });
      expect(prompts.items.find(({ id }) => id === asked.id)).toMatchObject({
        method: 'prompts/get',
        tool: 'letter',
        outcome: 'input_required',
      });
      const tools = await projection.list({ order: 'newest', filter: { method: 'tools/call' }, limit: 100 });
      expect(tools.items.map(({ id }) => id)).toContain(plain.id);
      expect(tools.items.map(({ id }) => id)).not.toContain(asked.id);
    } finally {
      await projection.close();
    }
  });
});
